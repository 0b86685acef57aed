namespace AiInfra.AppHost.Monitoring;

/// <summary>Callers that are refused.</summary>
internal static class TenantAlerts
{
    public static readonly IReadOnlyList<Alert> All =
    [
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
    ];
}
