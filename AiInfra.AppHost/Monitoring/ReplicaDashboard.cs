namespace AiInfra.AppHost.Monitoring;

/// <summary>Everything one replica says about itself.</summary>
internal static class ReplicaDashboard
{
    private const string Selected = """{pool=~"$pool",replica="$replica"}""";

    public static readonly Dashboard Definition = new(
        "aiinfra-replica", "AiInfra / One replica", "One engine in depth: what it is, what it does now, where its time goes.",
        [DashboardVariable.Pool, DashboardVariable.Replica],
        [
            new("Now",
                Panel.Figure("Answers scrapes", "bool_yes_no", "Whether Prometheus reaches it. A hung engine still answers: see the tokens below.",
                    new PanelQuery($"max(up{Selected})", "up")) with
                { RedBelow = 1 },
                Panel.Figure("Up since", "dateTimeFromNow", "When its process started.",
                    new PanelQuery($"max(process_start_time_seconds{Selected}) * 1000", "start")),
                Panel.Figure("Running", "none", "Requests in its batch.", new PanelQuery($"sum(vllm:num_requests_running{Selected})", "running")),
                Panel.Figure("Waiting", "none", "Requests in its queue.", new PanelQuery($"sum(vllm:num_requests_waiting{Selected})", "waiting")) with
                { RedAbove = 10 },
                Panel.Figure("KV blocks", "none", "Size of its KV cache in blocks.",
                    new PanelQuery($"count by (num_gpu_blocks, block_size) (vllm:cache_config_info{Selected})", "{{num_gpu_blocks}} × {{block_size}} tokens")))
            { Height = 5 },
            new("Work",
                Panel.Curves("Tokens", "suffix: tok/s", "Prompt tokens read and output tokens written a second. Both zero while requests run: the engine is hung.",
                    new PanelQuery($"sum(rate(vllm:prompt_tokens_total{Selected}[$__rate_interval]))", "prompt"),
                    new PanelQuery($"sum(rate(vllm:generation_tokens_total{Selected}[$__rate_interval]))", "output")),
                Panel.Curves("Batch and queue", "none", "Requests running and waiting.",
                    new PanelQuery($"sum(vllm:num_requests_running{Selected})", "running"),
                    new PanelQuery($"sum(vllm:num_requests_waiting{Selected})", "waiting")) with
                { Stacked = true },
                Panel.Curves("Why requests wait", "none", "Waiting for room in the KV cache or the batch (capacity), or put off for another reason (deferred).",
                    new PanelQuery($"sum by (reason) (vllm:num_requests_waiting_by_reason{Selected})", "{{reason}}"))),
            new("Where the time goes",
                Panel.Curves("Mean time of a request by phase", "s", "Queue, prefill and decode of finished requests.",
                    Mean("vllm:request_queue_time_seconds", "queue"), Mean("vllm:request_prefill_time_seconds", "prefill"), Mean("vllm:request_decode_time_seconds", "decode")) with
                { Stacked = true },
                Panel.Curves("First token", "s", "Median, 95th and 99th percentile inside the engine.",
                    Quantile(0.5, "vllm:time_to_first_token_seconds"), Quantile(0.95, "vllm:time_to_first_token_seconds"), Quantile(0.99, "vllm:time_to_first_token_seconds")),
                Panel.Curves("Between tokens", "s", "Median, 95th and 99th percentile.",
                    Quantile(0.5, "vllm:inter_token_latency_seconds"), Quantile(0.95, "vllm:inter_token_latency_seconds"), Quantile(0.99, "vllm:inter_token_latency_seconds"))),
            new("Memory and shape of the requests",
                Panel.Curves("KV cache in use", "percentunit", "Blocks held by running requests.", new PanelQuery($"max(vllm:kv_cache_usage_perc{Selected})", "used")) with
                { RedAbove = 0.95 },
                Panel.Curves("Prefix cache", "suffix: tok/s", "Prompt tokens looked up and found.",
                    new PanelQuery($"sum(rate(vllm:prefix_cache_queries_total{Selected}[$__rate_interval]))", "looked up"),
                    new PanelQuery($"sum(rate(vllm:prefix_cache_hits_total{Selected}[$__rate_interval]))", "found")),
                Panel.Curves("Length of requests", "suffix: tok", "Mean prompt and output of finished requests.",
                    Mean("vllm:request_prompt_tokens", "prompt"), Mean("vllm:request_generation_tokens", "output")),
                Panel.Curves("Trouble", "ops", "Preemptions and refusals at the queue's limit.",
                    new PanelQuery($"sum(rate(vllm:num_preemptions_total{Selected}[$__rate_interval]))", "preemptions"),
                    new PanelQuery($"sum by (reason) (rate(vllm:admission_rejections_total{Selected}[$__rate_interval]))", "{{reason}}"))),
        ]);

    private static PanelQuery Mean(string histogram, string legend) =>
        new($"sum(rate({histogram}_sum{Selected}[$__rate_interval])) / (sum(rate({histogram}_count{Selected}[$__rate_interval])) > 0)", legend);

    private static PanelQuery Quantile(double quantile, string histogram) => new(
        FormattableString.Invariant($"histogram_quantile({quantile}, sum by (le) (rate({histogram}_bucket{Selected}[$__rate_interval])))"),
        FormattableString.Invariant($"p{quantile * 100:0}"));
}
