using System.Diagnostics.Metrics;
using AiInfra.Gateway.Limits;
using AiInfra.Gateway.Tenants;
using Microsoft.Extensions.Options;

namespace AiInfra.Gateway.Telemetry;

/// <summary>What runs out: budgets, and the credentials of callers and of the gateway itself.</summary>
internal sealed class AccountGauges(
    IMeterFactory meters, LimitService limits, ApiKeys keys, CertificateDates certificates, IOptions<ExpiryOptions> options, TenantLabels tenants)
{
    public void Register()
    {
        var meter = meters.Create(GatewayMetrics.MeterName);
        meter.CreateObservableGauge("aiinfra.gateway.budget.used", Budgets, "1",
            "Spent part of the fullest budget, by tenant, what it is counted for (tenant, key, user), unit and period.");
        meter.CreateObservableGauge("aiinfra.gateway.credential.expiry", Expiries, "s",
            "When the next credential of a kind expires, in seconds since 1970: api_key (by tenant), certificate (by file), signing_key.");
    }

    // Tenants beyond the cap of labels share one series: the fullest of them.
    private IEnumerable<Measurement<double>> Budgets() =>
        from level in limits.BudgetLevels()
        group level.Used by (Tenant: tenants.Of(level.Tenant), level.Subject, level.Unit, level.Span) into kind
        select new Measurement<double>(
            kind.Max(), new("tenant", kind.Key.Tenant), new("subject", kind.Key.Subject), new("unit", NameOf(kind.Key.Unit)), new("period", NameOf(kind.Key.Span)));

    private IEnumerable<Measurement<double>> Expiries()
    {
        var ofTenants =
            from expiry in keys.NextExpiries()
            group expiry.End by tenants.Of(expiry.Tenant) into tenant
            select Expiry("api_key", tenant.Key, tenant.Min());
        var own = certificates.All().Select(certificate => Expiry("certificate", certificate.Name, certificate.End));
        return options.Value.SigningKey is { } end ? ofTenants.Concat(own).Append(Expiry("signing_key", "tokens", end)) : ofTenants.Concat(own);
    }

    private static Measurement<double> Expiry(string kind, string name, DateTimeOffset end) =>
        new(end.ToUnixTimeSeconds(), new("kind", kind), new("name", name));

    private static string NameOf(MeterUnit unit) => unit == MeterUnit.Money ? "money" : "tokens";

    private static string NameOf(MeterSpan span) => span switch
    {
        MeterSpan.Day => "day",
        MeterSpan.Week => "week",
        _ => "month",
    };
}
