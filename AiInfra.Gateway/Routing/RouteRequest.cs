namespace AiInfra.Gateway.Routing;

/// <summary>A request as routing sees it, and what the policy noted about it.</summary>
internal sealed class RouteRequest
{
    /// <summary>Chained hashes of the prompt's blocks: the nth stands for everything up to the end of block n. Empty when it is not known.</summary>
    public ReadOnlyMemory<ulong> Blocks { get; init; }

    /// <summary>Tokens of one block of <see cref="Blocks"/>.</summary>
    public double BlockTokens { get; init; }

    /// <summary>Estimated tokens of the prompt.</summary>
    public double PromptTokens { get; init; }

    /// <summary>What belongs together: the conversation's beginning. 0 when it is not known.</summary>
    public ulong Session { get; init; }

    /// <summary>Where it was placed.</summary>
    public string? Replica { get; set; }

    /// <summary>When it was placed.</summary>
    public TimeSpan PlacedAt { get; set; }

    /// <summary>Its place among the requests whose first token has not come; null when it has none.</summary>
    public LinkedListNode<RouteRequest>? Pending { get; set; }

    /// <summary>Seconds of waiting that were expected where it was placed.</summary>
    public double ExpectedWait { get; set; }

    /// <summary>Seconds of prefill that were expected where it was placed.</summary>
    public double ExpectedPrefill { get; set; }

    /// <summary>Prompt tokens that were expected to be in the cache there.</summary>
    public double ExpectedCached { get; set; }

    /// <summary>Prompt tokens that were expected to be computed there.</summary>
    public double ExpectedUncached { get; set; }

    /// <summary>Blocks that it uses of the replica's cache while it runs, and in which life of the index.</summary>
    public (int Blocks, int Epoch) Held { get; set; }

    /// <summary>Set from the first token to the end of the answer: the replica's sums at the first token.</summary>
    public DecodingSince? Decoding { get; set; }

    /// <summary>Tokens that the chosen replica's prefix cache holds; null is unknown.</summary>
    public long? CacheTokens { get; set; }

    /// <summary>Cost terms of the best candidates, for the receipt; null when nobody asked.</summary>
    public string? Receipt { get; set; }

    public bool WantsReceipt { get; init; }

    /// <summary>What the replica reported in <c>usage</c>; null when it did not.</summary>
    public ReportedUsage? Usage { get; set; }

    /// <summary>The chain of the prompt with the answer behind it, for the next turn. Empty when it is not known.</summary>
    public ReadOnlyMemory<ulong> AnswerBlocks { get; set; }
}

/// <summary>Tokens as the replica counted them.</summary>
/// <param name="Prompt">The whole prompt, cached tokens included.</param>
/// <param name="Cached">The part that was in the prefix cache; null when the replica does not tell.</param>
/// <param name="Completion">The answer.</param>
internal sealed record ReportedUsage(int Prompt, int? Cached, int Completion);

/// <summary>A replica's sums at the first token of an answer.</summary>
/// <param name="At">When that was.</param>
/// <param name="StreamSeconds">Running answers, summed over time.</param>
/// <param name="PrefillSeconds">Prefill done there.</param>
internal sealed record DecodingSince(TimeSpan At, double StreamSeconds, double PrefillSeconds);
