namespace AiInfra.Bench.LocalModel;

/// <summary>What was measured at one number of threads. Medians over the rounds where nothing else is said.</summary>
internal sealed record ModelFigures(int Threads)
{
    /// <summary>Streams at once that are compared.</summary>
    public static IReadOnlyList<int> Streams { get; } = [1, 2, 4, 8];

    public double StartSeconds { get; init; }

    public double ResidentMegabytes { get; init; }

    public double PeakMegabytes { get; init; }

    /// <summary>Tokens/s of a prompt of 512 tokens.</summary>
    public double Prefill { get; init; }

    /// <summary>Tokens/s of one stream behind its first token.</summary>
    public double Decode { get; init; }

    /// <summary>Seconds to the first token behind 1,000 + 24 tokens, nothing cached, one value a round.</summary>
    public required IReadOnlyList<double> ColdSeconds { get; init; }

    /// <summary>The same with the 1,000 cached.</summary>
    public required IReadOnlyList<double> CachedSeconds { get; init; }

    /// <summary>Tokens/s of all streams together, by <see cref="Streams"/>, one value a round.</summary>
    public required IReadOnlyList<IReadOnlyList<double>> Totals { get; init; }
}
