namespace AiInfra.AppHost.Monitoring;

/// <summary>Replicas that answer but do not do well.</summary>
internal static class VllmAlerts
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    public static readonly IReadOnlyList<Alert> All =
    [
        // vLLM's health pages stay green with a hung engine: only counters that stand still tell it.
        new("ReplicaHung", Severities.Page, 2 * Minute,
            new Condition("sum by (pool, replica) (vllm:num_requests_running)", "> 0"),
            new Condition("""
                sum by (pool, replica) (rate(vllm:generation_tokens_total[2m]))
                  + sum by (pool, replica) (rate(vllm:prompt_tokens_total[2m]))
                """, "== 0"))
        {
            Summary = "Replica {{ $labels.replica }} of {{ $labels.pool }} is hung",
            Description = "{{ $value }} requests run on it, but not a token has been read or written for 2 minutes.",
        },
        new("ReplicaEjected", Severities.Ticket, 10 * Minute,
            new Condition("""sum by (model) (aiinfra_gateway_replicas{state!="healthy"})""", "> 0"))
        {
            Summary = "The gateway keeps {{ $value }} replicas of {{ $labels.model }} out of service",
            Description = "For 10 minutes at least one replica has been ejected, draining or without progress, as the gateway sees it.",
        },
        new("QueueGrowing", Severities.Ticket, 5 * Minute,
            new Condition("sum by (pool) (vllm:num_requests_waiting)", "> 10"),
            new Condition("sum by (pool) (deriv(vllm:num_requests_waiting[10m]))", "> 0"))
        {
            Summary = "The queue of {{ $labels.pool }} grows",
            Description = "{{ $value }} requests wait in the engines, and the trend of 10 minutes is upwards: more comes than the pool can do.",
        },
        new("KvCacheFull", Severities.Ticket, 5 * Minute,
            new Condition("max by (pool, replica) (vllm:kv_cache_usage_perc)", "> 0.95"))
        {
            Summary = "The KV cache of {{ $labels.replica }} is full",
            Description = "{{ $value | humanizePercentage }} of its blocks are held by running requests; the next ones wait or push others out.",
        },
        new("Preemptions", Severities.Ticket, 10 * Minute,
            new Condition("sum by (pool, replica) (rate(vllm:num_preemptions_total[10m]))", "> 0.1"))
        {
            Summary = "{{ $labels.replica }} preempts requests",
            Description = "{{ $value | humanize }} requests a second are thrown back and computed again for want of KV cache.",
        },
        new("EngineQueueSlow", Severities.Ticket, 10 * Minute,
            new Condition("histogram_quantile(0.95, sum by (pool, le) (rate(vllm:request_queue_time_seconds_bucket[10m])))", "> 5"))
        {
            Summary = "Requests wait long in the engines of {{ $labels.pool }}",
            Description = "One of twenty waits longer than {{ $value | humanizeDuration }} before its prefill begins.",
        },
        new("EngineErrors", Severities.Ticket, 5 * Minute,
            new Condition("""sum by (pool, replica) (rate(vllm:request_success_total{finished_reason="error"}[10m]))""", "> 0"))
        {
            Summary = "{{ $labels.replica }} ends requests with errors",
            Description = "{{ $value | humanize }} requests a second end with the reason 'error' inside the engine.",
        },
        new("EngineRejects", Severities.Ticket, 5 * Minute,
            new Condition("sum by (pool, replica) (rate(vllm:admission_rejections_total[5m]))", "> 0"))
        {
            Summary = "{{ $labels.replica }} refuses requests at its queue limit",
            Description = "{{ $value | humanize }} requests a second are refused with 503: the gateway sends it more than its limits allow.",
        },
        new("RetriesHigh", Severities.Ticket, 10 * Minute,
            new Condition("""
                sum by (model) (rate(aiinfra_gateway_retries_total[5m]))
                  / (sum by (model) (rate(aiinfra_gateway_requests_total[5m])) > 0)
                """, "> 0.05") { Silent = "a model that was never retried has no counter of retries" })
        {
            Summary = "More than 5 % of the requests for {{ $labels.model }} are retried",
            Description = "{{ $value | humanizePercentage }} of the requests needed a second replica: one of them fails and clients do not see it yet.",
        },
    ];
}
