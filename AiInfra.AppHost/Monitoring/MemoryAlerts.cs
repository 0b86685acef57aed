namespace AiInfra.AppHost.Monitoring;

/// <summary>The memory service's index falls behind its records.</summary>
internal static class MemoryAlerts
{
    public static readonly IReadOnlyList<Alert> All =
    [
        new("MemoryIndexLag", Severities.Ticket, TimeSpan.FromMinutes(5),
            new Condition("max by (job) (aiinfra_memory_index_lag_seconds)", "> 60"))
        {
            Summary = "The memory index is {{ $value | humanizeDuration }} behind",
            Description = "The oldest record that has not reached Chroma was written {{ $value | humanizeDuration }} ago.",
        },
        new("MemoryOutboxGrowing", Severities.Ticket, TimeSpan.FromMinutes(15),
            new Condition("sum by (job) (aiinfra_memory_outbox_records)", "> 1000"),
            new Condition("sum by (job) (deriv(aiinfra_memory_outbox_records[15m]))", "> 0"))
        {
            Summary = "More is written to memory than Chroma takes",
            Description = "{{ $value }} changes wait for the index, and the trend of 15 minutes is upwards.",
        },
        new("ChromaRebuilding", Severities.Ticket, TimeSpan.Zero,
            new Condition("sum by (job) (increase(aiinfra_memory_index_rebuilds_total[15m]))", "> 0"))
        {
            Summary = "The memory index is rebuilt from the records",
            Description = "{{ $value | humanize }} rebuilds in 15 minutes: a collection was lost, damaged or differs from the records.",
        },
        new("MemoryErrors", Severities.Ticket, TimeSpan.FromMinutes(5),
            new Condition("""
                sum by (job) (rate(aiinfra_memory_operation_duration_seconds_count{outcome="failed"}[5m]))
                  / (sum by (job) (rate(aiinfra_memory_operation_duration_seconds_count[5m])) > 0)
                """, "> 0.01") { Silent = "a service that never failed has no such series" })
        {
            Summary = "More than 1 % of the memory operations fail",
            Description = "{{ $value | humanizePercentage }} of the operations of the last 5 minutes ended in an error of ours.",
        },
    ];
}
