namespace AiInfra.AppHost.Monitoring;

/// <summary>Answers that are slow or wrong, by the fixed limits of the platform.</summary>
internal static class ResponseAlerts
{
    private static readonly TimeSpan Hold = TimeSpan.FromMinutes(5);

    public static readonly IReadOnlyList<Alert> All =
    [
        new("ErrorRateHigh", Severities.Page, Hold,
            new Condition("model:requests_failed:ratio_rate5m", "> 0.01"),
            new Condition("sum by (model) (increase(aiinfra_gateway_requests_total[5m]))", $">= {ServiceLevel.LeastRequests}"))
        {
            Summary = "More than 1 % of the requests for {{ $labels.model }} fail",
            Description = "{{ $value | humanizePercentage }} of the requests of the last 5 minutes ended in an error of ours.",
        },
        new("GatewaySlow", Severities.Ticket, Hold, new Condition("gateway:overhead_seconds:p99_5m", "> 0.1"))
        {
            Summary = "The gateway takes more than 100 ms of its own",
            Description = "The 99th percentile of the gateway's own time per request (the model's time excluded) is {{ $value | humanizeDuration }}.",
        },
        new("MemorySlow", Severities.Ticket, Hold, new Condition("memory:operation_seconds:p99_5m", "> 0.1"))
        {
            Summary = "Memory operation {{ $labels.operation }} takes more than 100 ms",
            Description = "The 99th percentile of {{ $labels.operation }} is {{ $value | humanizeDuration }}.",
        },
    ];
}
