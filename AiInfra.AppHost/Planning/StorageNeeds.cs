namespace AiInfra.AppHost.Planning;

/// <summary>What the platform beside vLLM keeps.</summary>
internal sealed record StorageNeeds
{
    /// <summary>Memories, one vector each. Default 100,000.</summary>
    public long Vectors { get; init; } = 100_000;

    /// <summary>Elements of a vector. Default 384 (the embedded model's).</summary>
    public int Dimension { get; init; } = 384;

    /// <summary>Time series that Prometheus keeps. Default 20,000.</summary>
    public long Series { get; init; } = 20_000;

    /// <summary>Days of metrics. Default 15 (Prometheus' own).</summary>
    public int MetricsDays { get; init; } = 15;

    /// <summary>Days of logs. Default 14.</summary>
    public int LogDays { get; init; } = 14;
}
