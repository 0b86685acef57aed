namespace AiInfra.AppHost.Monitoring;

/// <summary>A service level: the part of requests that may be bad, and how bad ones are counted for each model.</summary>
/// <param name="Name">Part of the recorded series' names: <c>model:slo_NAME_bad:ratio_WINDOW</c>.</param>
/// <param name="Alert">Name of its burn alert.</param>
/// <param name="Budget">The part of requests that may be bad over 30 days, 0 to 1.</param>
/// <param name="Promise">What is promised, for people.</param>
/// <param name="Bad">PromQL that counts bad requests per model over <c>WINDOW</c>.</param>
/// <param name="All">PromQL that counts all requests per model over <c>WINDOW</c>.</param>
internal sealed record ServiceLevel(string Name, string Alert, double Budget, string Promise, string Bad, string All)
{
    /// <summary>
    /// Fewer requests in a window than this say nothing: one failure of three at night must not wake anybody.
    /// What is down is seen by its own alerts, with or without traffic.
    /// </summary>
    public const int LeastRequests = 10;

    public string Series(string window) => $"model:slo_{Name}_bad:ratio_{window}";

    public RecordingRule Record(string window) => new(Series(window), $"""
        (
          {Bad.Replace("WINDOW", window, StringComparison.Ordinal)}
          or
          0 * {All.Replace("WINDOW", window, StringComparison.Ordinal)}
        )
        / ({All.Replace("WINDOW", window, StringComparison.Ordinal)} >= {LeastRequests})
        """);
}

/// <summary>The service levels that the cluster is run for, and their burn alerts.</summary>
/// <remarks>
/// Multi-window, multi-burn-rate alerts (Google's SRE workbook, chapter 5): the long window shows that the budget is really
/// being spent, the short one that it still is, so that an alert ends soon after the trouble.
/// </remarks>
internal static class ServiceLevels
{
    // Bounds of buckets that the gateway's histograms have.
    public const string FirstTokenBound = "2.5";
    public const string InterTokenBound = "0.1";

    public static readonly IReadOnlyList<ServiceLevel> All =
    [
        new("availability", "AvailabilityBudgetBurn", 0.001, "99.9 % of requests are answered without an error of ours",
            """sum by (model) (increase(aiinfra_gateway_requests_total{outcome="failed"}[WINDOW]))""",
            "sum by (model) (increase(aiinfra_gateway_requests_total[WINDOW]))"),
        new("first_token", "FirstTokenBudgetBurn", 0.05, $"95 % of answers begin within {FirstTokenBound} s",
            SlowerThan("gen_ai_server_time_to_first_token_seconds", FirstTokenBound),
            "sum by (model) (increase(gen_ai_server_time_to_first_token_seconds_count[WINDOW]))"),
        new("inter_token", "InterTokenBudgetBurn", 0.05, $"95 % of answers go on with at most {InterTokenBound} s a token",
            SlowerThan("gen_ai_server_time_per_output_token_seconds", InterTokenBound),
            "sum by (model) (increase(gen_ai_server_time_per_output_token_seconds_count[WINDOW]))"),
    ];

    private static readonly string[] RecordedWindows = ["5m", "30m", "1h", "6h", "3d"];

    private static readonly (double Burn, string Long, string Short, TimeSpan For, string Severity)[] Windows =
    [
        (14.4, "1h", "5m", TimeSpan.FromMinutes(2), Severities.Page),
        (6, "6h", "30m", TimeSpan.FromMinutes(15), Severities.Page),
        (1, "3d", "6h", TimeSpan.FromHours(1), Severities.Ticket),
    ];

    public static IEnumerable<RecordingRule> Recordings =>
        from level in All
        from window in RecordedWindows
        select level.Record(window);

    public static IEnumerable<Alert> Alerts =>
        from level in All
        from window in Windows
        let limit = FormattableString.Invariant($"> {window.Burn * level.Budget:0.####}")
        select new Alert(level.Alert, window.Severity, window.For,
            new Condition(level.Series(window.Long), limit), new Condition(level.Series(window.Short), limit))
        {
            Labels = new Dictionary<string, string> { ["window"] = window.Long },
            Summary = "{{ $labels.model }} spends its error budget too fast",
            Description = FormattableString.Invariant(
                $"Promised: {level.Promise}. In the last {window.Long} {{{{ $value | humanizePercentage }}}} of the requests were bad, ")
                + FormattableString.Invariant($"at least {window.Burn} times what the budget of 30 days allows, and they still are in the last {window.Short}."),
        };

    private static string SlowerThan(string histogram, string bound) => $$"""
        (
            sum by (model) (increase({{histogram}}_count[WINDOW]))
            -
            sum by (model) (increase({{histogram}}_bucket{le="{{bound}}"}[WINDOW]))
          )
        """;
}
