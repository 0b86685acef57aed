namespace AiInfra.Bench.Routing;

/// <summary>Under what conditions a rule is tried.</summary>
/// <param name="Trace">The arrivals.</param>
/// <param name="Replicas">How many.</param>
/// <param name="Load">Part of what perfect caching could carry, 0 to 1.</param>
/// <param name="CacheTokens">Tokens of each replica's cache; null: as many as ever come.</param>
/// <param name="Seed">Draws the arrivals' jitter and the rules' ties.</param>
internal sealed record Scenario(Trace Trace, int Replicas, double Load, int? CacheTokens, int Seed)
{
    /// <summary>Replicas that work at half speed.</summary>
    public int SlowReplicas { get; init; }

    /// <summary>When the first replica loses its cache, as a part of the trace's time; null: never.</summary>
    public double? RestartAt { get; init; }

    /// <summary>Gateways that route without knowing of each other.</summary>
    public int Gateways { get; init; } = 1;

    /// <summary>Requests with one new prefix that arrive at once in the middle.</summary>
    public int BurstRequests { get; init; }

    public string Label =>
        $"{Trace.Name} n={Replicas} load={Load:0.00} cache={(CacheTokens is { } tokens ? $"{tokens / 1000}k" : "all")}"
        + (SlowReplicas > 0 ? $" slow={SlowReplicas}" : "") + (RestartAt is null ? "" : " restart") + (Gateways > 1 ? $" gateways={Gateways}" : "")
        + (BurstRequests > 0 ? $" burst={BurstRequests}" : "");
}
