namespace AiInfra.AppHost.Monitoring;

/// <summary>How the vLLM replicas share the load, as the engines and the gateway see it.</summary>
internal static class ClusterDashboard
{
    private const string Selected = """{pool=~"$pool"}""";

    public static readonly Dashboard Definition = new(
        "aiinfra-cluster", "AiInfra / vLLM cluster", "Replicas side by side: load, speed, caches, and what the gateway did about trouble.",
        [DashboardVariable.Pool, DashboardVariable.Model],
        [
            new("Load",
                Curve("Running", "none", "Requests in each engine's batch.", $"sum by (pool, replica) (vllm:num_requests_running{Selected})"),
                Curve("Waiting", "none", "Requests that wait inside each engine. A growing sum: more comes than the pool can do.", $"sum by (pool, replica) (vllm:num_requests_waiting{Selected})"),
                Curve("KV cache in use", "percentunit", "Blocks held by running requests. Idle cached blocks do not count. Alert above 95 %.", $"max by (pool, replica) (vllm:kv_cache_usage_perc{Selected})") with
                { RedAbove = 0.95 }),
            new("Speed",
                Curve("Output tokens", "suffix: tok/s", "Tokens that each replica writes a second.", Rate("vllm:generation_tokens_total")),
                Curve("Prompt tokens", "suffix: tok/s", "Prompt tokens that each replica takes in a second, cached ones included.", Rate("vllm:prompt_tokens_total")),
                Panel.Curves("Finished requests", "reqps", "Requests that end, by reason. Error and abort should be rare.",
                    new PanelQuery($"sum by (finished_reason) (rate(vllm:request_success_total{Selected}[$__rate_interval]))", "{{finished_reason}}")) with
                { Stacked = true }),
            new("Time in the engines",
                Curve("Time to first token, p95", "s", "As each engine measures it: its own queue and prefill.", Quantile("vllm:time_to_first_token_seconds")),
                Curve("Inter-token latency, p95", "s", "Time between two tokens of one answer.", Quantile("vllm:inter_token_latency_seconds")) with
                { RedAbove = 0.1 },
                Curve("Queue time, p95", "s", "How long requests wait inside each engine before their prefill.", Quantile("vllm:request_queue_time_seconds")) with
                { RedAbove = 5 }),
            new("Prefix cache",
                Curve("Hit rate", "percentunit", "Part of the prompt tokens that each replica found in its cache.", """replica:prefix_cache_hits:ratio_rate5m{pool=~"$pool"}"""),
                Panel.Curves("Expected and found", "suffix: tok/s", "Cached tokens that the gateway expected when it chose the replica, and those the engine reported. Apart for long: the gateway's picture of the caches is wrong.",
                    new PanelQuery("""sum by (model, kind) (rate(aiinfra_gateway_cache_tokens_total{model=~"$model"}[$__rate_interval]))""", "{{model}} {{kind}}")),
                Curve("Preemptions", "ops", "Requests thrown back for want of KV cache.", Rate("vllm:num_preemptions_total")) with
                { RedAbove = 0.1 }),
            new("What the gateway did",
                Panel.Curves("Replicas by state", "none", "Healthy ones get requests; the others are ejected, draining or without progress.",
                    new PanelQuery("""sum by (model, state) (aiinfra_gateway_replicas{model=~"$model"})""", "{{model}} {{state}}")),
                Panel.Curves("Retries", "ops", "Attempts on another replica, by reason.",
                    new PanelQuery("""sum by (model, reason) (rate(aiinfra_gateway_retries_total{model=~"$model"}[$__rate_interval]))""", "{{model}} {{reason}}")
                    {
                        Silent = "nothing had to be retried",
                    }),
                Panel.Curves("Ejections", "ops", "Replicas taken out of service, by reason.",
                    new PanelQuery("""sum by (replica, reason) (rate(aiinfra_gateway_ejections_total[$__rate_interval]))""", "{{replica}} {{reason}}")
                    {
                        Silent = "no replica was ejected",
                    }),
                Panel.Curves("In flight", "none", "Requests that the gateway has at each replica.",
                    new PanelQuery("""sum by (replica) (aiinfra_gateway_replica_requests_in_flight{model=~"$model"})""", "{{replica}}"))),
        ]);

    private static Panel Curve(string title, string unit, string description, string expression) =>
        Panel.Curves(title, unit, description, new PanelQuery(expression, "{{pool}} {{replica}}")) with { LinksToReplica = true };

    private static string Rate(string counter) => $"sum by (pool, replica) (rate({counter}{Selected}[$__rate_interval]))";

    private static string Quantile(string histogram) =>
        $"histogram_quantile(0.95, sum by (pool, replica, le) (rate({histogram}_bucket{Selected}[$__rate_interval])))";
}
