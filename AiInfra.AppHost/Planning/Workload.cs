namespace AiInfra.AppHost.Planning;

/// <summary>What users do and what they expect.</summary>
internal sealed record Workload
{
    /// <summary>Requests in flight at the peak; null: computed from users and their habits.</summary>
    public int? Concurrency { get; init; }

    public int? Users { get; init; }

    /// <summary>Requests of one user in a busy hour. Default 12.</summary>
    public double RequestsPerUserHour { get; init; } = 12;

    /// <summary>The busiest minute against the mean of the busy hour. Default 2.</summary>
    public double PeakFactor { get; init; } = 2;

    /// <summary>Prompt tokens of a request. Default 1000.</summary>
    public int PromptTokens { get; init; } = 1000;

    /// <summary>Answer tokens of a request. Default 300.</summary>
    public int AnswerTokens { get; init; } = 300;

    /// <summary>Share of the prompt that the prefix cache spares, 0 to 1. Default 0.3.</summary>
    public double CachedShare { get; init; } = 0.3;

    /// <summary>Longest mean time to the first token, in seconds. Default 2.</summary>
    public double FirstTokenSeconds { get; init; } = 2;

    /// <summary>Longest mean time of a token, in seconds; null: 0.05, and vLLM's batch is not narrowed for it.</summary>
    public double? TokenSeconds { get; init; }

    /// <summary>The time of a token that a plan keeps.</summary>
    public double TokenLimitSeconds => TokenSeconds ?? 0.05;

    /// <summary>Requests per second at the peak, where users are given.</summary>
    public double? PeakRequestsPerSecond => Users is { } users ? users * RequestsPerUserHour / 3600 * PeakFactor : null;
}
