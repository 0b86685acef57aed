namespace AiInfra.AppHost.Monitoring;

/// <summary>Something is not there.</summary>
internal static class AvailabilityAlerts
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    public static readonly IReadOnlyList<Alert> All =
    [
        new("GatewayDown", Severities.Page, Minute, new Condition("""sum by (job) (up{job="gateway"})""", "== 0"))
        {
            Summary = "No gateway answers",
            Description = "Not one gateway has answered a scrape for a minute: nobody reaches a model or a memory.",
        },
        new("GatewayInstanceDown", Severities.Ticket, 5 * Minute, new Condition("""up{job="gateway"}""", "== 0"))
        {
            Summary = "Gateway {{ $labels.instance }} does not answer",
            Description = "Scrapes of {{ $labels.instance }} have failed for 5 minutes.",
        },
        new("MemoryServiceDown", Severities.Page, Minute, new Condition("""sum by (job) (up{job="memory"})""", "== 0"))
        {
            Summary = "The memory service does not answer",
            Description = "Scrapes have failed for a minute: memories can be neither stored nor found; model calls go on without them.",
        },
        new("ReplicaDown", Severities.Ticket, Minute, new Condition("""max by (pool, replica) (up{job="vllm"})""", "== 0"))
        {
            Summary = "Replica {{ $labels.replica }} of {{ $labels.pool }} does not answer",
            Description = "Scrapes of {{ $labels.replica }} have failed for a minute; the other replicas of {{ $labels.pool }} carry its load.",
        },
        new("AllReplicasDown", Severities.Page, Minute / 2, new Condition("""max by (pool) (up{job="vllm"})""", "== 0"))
        {
            Summary = "No replica of {{ $labels.pool }} answers",
            Description = "Every replica of {{ $labels.pool }} has failed its scrapes for 30 seconds: its models are unavailable.",
        },
        new("NoReplicaUsable", Severities.Page, Minute,
            new Condition("""sum by (model) (aiinfra_gateway_replicas{state="healthy"})""", "== 0"))
        {
            Summary = "The gateway has no replica for {{ $labels.model }}",
            Description = "Replicas may answer scrapes, but the gateway has taken every one of {{ $labels.model }} out of service.",
        },
        new("RedisDown", Severities.Page, Minute, new Condition("min by (job) (redis_up)", "== 0"))
        {
            Summary = "Redis does not answer",
            Description = "Keys, limits and budgets are held in Redis. Without it each policy does what it says for this case.",
        },
        new("ChromaDown", Severities.Ticket, 5 * Minute, new Condition("min by (job) (aiinfra_memory_index_available)", "== 0"))
        {
            Summary = "Chroma does not serve the memory index",
            Description = "The memory service has not had a usable vector index for 5 minutes. Nothing is lost; searches over large scopes are weaker.",
        },
        new("ScrapeFailing", Severities.Ticket, 5 * Minute, new Condition("""up{job!~"gateway|memory|vllm"}""", "== 0"))
        {
            Summary = "{{ $labels.job }} at {{ $labels.instance }} cannot be scraped",
            Description = "Scrapes have failed for 5 minutes: what this target says is missing in alerts and dashboards.",
        },
    ];

    /// <summary>The alert for a job that has no target at all.</summary>
    public static Alert Missing(string job) =>
        new("TargetMissing", Severities.Ticket, 5 * Minute, new Condition($$"""absent(up{job="{{job}}"})""", "") { Silent = "every job has targets" })
        {
            Labels = new Dictionary<string, string> { ["job"] = job },
            Summary = $"Prometheus has no target of {job}",
            Description = $"The job {job} is configured, but no target was found for 5 minutes: its alerts cannot fire.",
        };
}
