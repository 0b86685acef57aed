namespace AiInfra.AppHost.Monitoring;

/// <summary>Is the platform well, and is it keeping its promises?</summary>
internal static class OverviewDashboard
{
    public static readonly Dashboard Definition = new(
        "aiinfra-overview", "AiInfra / Overview", "Service levels, burn of the error budgets, traffic and health of every part.",
        [DashboardVariable.Model],
        [
            new("Health",
                Panel.Figure("Targets that answer", "percentunit", "Part of the scrape targets that answer, by kind. Below 100 % something is down.",
                    new PanelQuery("avg by (job) (up)", "{{job}}")) with
                { RedBelow = 1 },
                Panel.Figure("Replicas in service", "none", "Replicas to which the gateway sends requests, by model.",
                    new PanelQuery("""sum by (model) (aiinfra_gateway_replicas{state="healthy",model=~"$model"})""", "{{model}}")) with
                { RedBelow = 1 },
                Panel.Figure("Alerts firing", "none", "Alerts that fire now, the watchdog aside.",
                    new PanelQuery("""sum by (severity) (ALERTS{alertstate="firing",severity!="watchdog"})""", "{{severity}}") { Silent = "no alert fires" }) with
                { RedAbove = 1 })
            { Height = 5 },
            new("Service levels",
                Panel.Figure("Availability, 30 min", "percentunit", "Part of the requests of half an hour that did not end in an error of ours. Promised: 99.9 %.",
                    new PanelQuery("""1 - model:slo_availability_bad:ratio_30m{model=~"$model"}""", "{{model}}")) with
                { RedBelow = 0.999 },
                Panel.Figure("First token in time, 30 min", "percentunit", "Part of the answers that began within 2.5 s. Promised: 95 %.",
                    new PanelQuery("""1 - model:slo_first_token_bad:ratio_30m{model=~"$model"}""", "{{model}}")) with
                { RedBelow = 0.95 },
                Panel.Figure("Tokens in time, 30 min", "percentunit", "Part of the answers that went on with at most 0.1 s a token. Promised: 95 %.",
                    new PanelQuery("""1 - model:slo_inter_token_bad:ratio_30m{model=~"$model"}""", "{{model}}")) with
                { RedBelow = 0.95 },
                Panel.Curves("Burn of the availability budget", "none",
                    "How many times faster than allowed the error budget is spent, over an hour and over six. Above 14.4 (an hour) or 6 (six hours) somebody is woken.",
                    new PanelQuery("""model:slo_availability_bad:ratio_1h{model=~"$model"} / 0.001""", "{{model}} 1 h"),
                    new PanelQuery("""model:slo_availability_bad:ratio_6h{model=~"$model"} / 0.001""", "{{model}} 6 h")) with
                { RedAbove = 14.4 }),
            new("Traffic",
                Panel.Curves("Requests", "reqps", "Requests a second by model and outcome. Refused: limits, policy or bad input; failed: an error of ours; canceled: the client left.",
                    new PanelQuery("""sum by (model, outcome) (rate(aiinfra_gateway_requests_total{model=~"$model"}[$__rate_interval]))""", "{{model}} {{outcome}}")) with
                { Stacked = true },
                Panel.Curves("Error rate", "percentunit", "Part of the requests that ended in an error of ours. Alert above 1 %.",
                    new PanelQuery("""model:requests_failed:ratio_rate5m{model=~"$model"}""", "{{model}}")) with
                { RedAbove = 0.01 },
                Panel.Curves("Tokens", "suffix: tok/s", "Tokens a second by kind: fresh input, input from the prefix cache, output.",
                    new PanelQuery("""sum by (kind) (rate(aiinfra_gateway_tokens_total{model=~"$model"}[$__rate_interval]))""", "{{kind}}")) with
                { Stacked = true }),
            new("Time",
                Panel.Curves("Time to first token", "s", "Median and 95th percentile as clients of the gateway see it, its queue included.",
                    Quantile(0.5, "gen_ai_server_time_to_first_token_seconds"), Quantile(0.95, "gen_ai_server_time_to_first_token_seconds")) with
                { RedAbove = 2.5 },
                Panel.Curves("Time per output token", "s", "Median and 95th percentile of an answer's mean time between tokens.",
                    Quantile(0.5, "gen_ai_server_time_per_output_token_seconds"), Quantile(0.95, "gen_ai_server_time_per_output_token_seconds")) with
                { RedAbove = 0.1 },
                Panel.Curves("Whole request", "s", "Median and 95th percentile from the request's arrival to the last byte of its answer.",
                    Quantile(0.5, "gen_ai_server_request_duration_seconds"), Quantile(0.95, "gen_ai_server_request_duration_seconds"))),
            new("Gateway",
                Panel.Curves("Gateway's own time", "s", "What the gateway adds to a request, the model's time excluded. Promised: under 100 ms.",
                    new PanelQuery("gateway:overhead_seconds:p99_5m", "p99"),
                    new PanelQuery("histogram_quantile(0.5, sum by (le) (rate(aiinfra_gateway_overhead_seconds_bucket[$__rate_interval])))", "p50")) with
                { RedAbove = 0.1 },
                Panel.Curves("Waiting in the gateway", "none", "Requests that wait for a free place at a replica.",
                    new PanelQuery("""sum by (model) (aiinfra_gateway_queue_requests{model=~"$model"})""", "{{model}}")),
                Panel.Curves("CPU of the services", "none", "Cores that each service uses.",
                    new PanelQuery("sum by (job) (rate(dotnet_process_cpu_time_seconds_total[$__rate_interval]))", "{{job}}")),
                Panel.Curves("Memory of the services", "bytes", "Working set of each service.",
                    new PanelQuery("sum by (job) (dotnet_process_memory_working_set_bytes)", "{{job}}"))),
        ]);

    private static PanelQuery Quantile(double quantile, string histogram) => new(
        FormattableString.Invariant(
            $$"""histogram_quantile({{quantile}}, sum by (model, le) (rate({{histogram}}_bucket{model=~"$model"}[$__rate_interval])))"""),
        FormattableString.Invariant($$$"""{{model}} p{{{quantile * 100:0}}}"""));
}
