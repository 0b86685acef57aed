namespace AiInfra.AppHost.Monitoring;

/// <summary>Callers that are refused.</summary>
internal static class TenantAlerts
{
    private const string NoBudget = "no policy sets a budget";

    // An idle tenant's meter is forgotten after a minute; its budget is as spent as before.
    private const string BudgetUsed = "max by (tenant, subject, unit, period) (max_over_time(aiinfra_gateway_budget_used[1h]))";

    public static readonly IReadOnlyList<Alert> All =
    [
        new("BudgetNearEnd", Severities.Ticket, TimeSpan.FromMinutes(1), new Condition(BudgetUsed, "> 0.9") { Silent = NoBudget })
        {
            Summary = "{{ $labels.tenant }} has spent {{ $value | humanizePercentage }} of a budget",
            Description = "The budget of {{ $labels.unit }} per {{ $labels.subject }} and {{ $labels.period }}. At 100 % calls are refused until the period ends.",
        },
        new("BudgetSpent", Severities.Ticket, TimeSpan.Zero, new Condition(BudgetUsed, ">= 0.999") { Silent = NoBudget })
        {
            Summary = "{{ $labels.tenant }} has spent a budget",
            Description = "The budget of {{ $labels.unit }} per {{ $labels.subject }} and {{ $labels.period }} is used up: its calls are refused until the period ends.",
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
    ];

    /// <summary>Watched apart: it reads a whole day.</summary>
    public static readonly IReadOnlyList<Alert> Cost =
    [
        new("CostJump", Severities.Ticket, TimeSpan.FromMinutes(15),
            new Condition("""
                sum by (tenant) (increase(aiinfra_gateway_cost_total[1h]))
                  / (sum by (tenant) (increase(aiinfra_gateway_cost_total[1d] offset 1h)) / 24 > 0)
                """, "> 5") { Silent = "there are no figures of the day before" },
            new Condition("sum by (tenant) (increase(aiinfra_gateway_cost_total[1h]))", "> 1"),
            // Whoever began within the day has no usual hour yet.
            new Condition("sum by (tenant) (aiinfra_gateway_cost_total offset 25h)", ">= 0") { Silent = "there are no figures of the day before" })
        {
            Summary = "{{ $labels.tenant }} spends {{ $value | humanize }} times as much as usual",
            Description = "The last hour against the mean hour of the day before; hours under 1 unit of the currency do not count.",
        },
    ];
}
