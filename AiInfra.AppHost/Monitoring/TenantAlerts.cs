namespace AiInfra.AppHost.Monitoring;

/// <summary>Limits, budgets, refused callers, and the key that signs the platform's tokens.</summary>
internal static class TenantAlerts
{
    private const string ByPolicy = "only policies with a budget have it";

    public static readonly IReadOnlyList<Alert> All =
    [
        new("BudgetNearlySpent", Severities.Ticket, TimeSpan.FromMinutes(1),
            new Condition("max by (tenant) (aiinfra_gateway_budget_used_ratio)", "> 0.9") { Silent = ByPolicy })
        {
            Summary = "{{ $labels.tenant }} has used {{ $value | humanizePercentage }} of its budget",
            Description = "When the budget is used up, its requests are refused until the next period begins.",
        },
        new("RefusalsHigh", Severities.Ticket, TimeSpan.FromMinutes(10),
            new Condition("""sum by (tenant) (rate(aiinfra_gateway_denials_total{reason!="authentication"}[10m]))""", "> 0.5")
            {
                Silent = "nobody was refused",
            })
        {
            Summary = "{{ $labels.tenant }} runs into its limits",
            Description = "{{ $value | humanize }} requests a second are refused by limits or policy.",
        },
        new("AuthenticationFailures", Severities.Ticket, TimeSpan.FromMinutes(5),
            new Condition("""sum by (job) (rate(aiinfra_gateway_denials_total{reason="authentication"}[5m]))""", "> 1")
            {
                Silent = "nobody came with a wrong key",
            })
        {
            Summary = "Many requests come with wrong keys",
            Description = "{{ $value | humanize }} requests a second fail to authenticate: a revoked key in use, or somebody who guesses.",
        },
        new("SigningKeyExpires", Severities.Ticket, TimeSpan.Zero,
            new Condition("min by (job) (aiinfra_gateway_signing_key_expiry_timestamp_seconds - time())", "< 7 * 86400")
            {
                Silent = "a key given by configuration does not expire",
            })
        {
            Summary = "The key that signs service tokens expires in {{ $value | humanizeDuration }}",
            Description = "After that services refuse each other's calls.",
        },
        new("CertificateExpires", Severities.Ticket, TimeSpan.Zero,
            new Condition("min by (job, instance) (aiinfra_certificate_expiry_timestamp_seconds - time())", "< 14 * 86400")
            {
                Silent = "only listeners with TLS have a certificate",
            })
        {
            Summary = "The certificate of {{ $labels.job }} expires in {{ $value | humanizeDuration }}",
            Description = "After that clients refuse the connection to {{ $labels.instance }}.",
        },
    ];
}
