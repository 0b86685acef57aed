namespace AiInfra.AppHost.Monitoring;

/// <summary>Figures of traffic that several dashboards and alerts share.</summary>
internal static class RequestRecordings
{
    public static readonly IReadOnlyList<RecordingRule> All =
    [
        new("model:requests:rate5m", "sum by (model) (rate(aiinfra_gateway_requests_total[5m]))"),
        new("model:requests_failed:ratio_rate5m", """
            (
              sum by (model) (rate(aiinfra_gateway_requests_total{outcome="failed"}[5m]))
              or
              0 * sum by (model) (rate(aiinfra_gateway_requests_total[5m]))
            )
            / (sum by (model) (rate(aiinfra_gateway_requests_total[5m])) > 0)
            """),
        new("model:first_token_seconds:p95_5m",
            "histogram_quantile(0.95, sum by (model, le) (rate(gen_ai_server_time_to_first_token_seconds_bucket[5m])))"),
        new("model:time_per_output_token_seconds:p95_5m",
            "histogram_quantile(0.95, sum by (model, le) (rate(gen_ai_server_time_per_output_token_seconds_bucket[5m])))"),
        new("gateway:overhead_seconds:p99_5m",
            "histogram_quantile(0.99, sum by (le) (rate(aiinfra_gateway_overhead_seconds_bucket[5m])))"),
        new("memory:operation_seconds:p99_5m",
            "histogram_quantile(0.99, sum by (operation, le) (rate(aiinfra_memory_operation_duration_seconds_bucket[5m])))"),
        new("replica:prefix_cache_hits:ratio_rate5m", """
            sum by (pool, replica) (rate(vllm:prefix_cache_hits_total[5m]))
            / (sum by (pool, replica) (rate(vllm:prefix_cache_queries_total[5m])) > 0)
            """),
        new("pool:generation_tokens:rate5m", "sum by (pool) (rate(vllm:generation_tokens_total[5m]))"),
    ];
}
