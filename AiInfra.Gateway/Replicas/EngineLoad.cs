namespace AiInfra.Gateway.Replicas;

/// <summary>What a replica's <c>/metrics</c> said at one moment. Null is unknown, never 0.</summary>
internal sealed record EngineLoad
{
    /// <summary>Requests being computed.</summary>
    public double? Running { get; init; }

    /// <summary>Requests waiting in the engine's own queue.</summary>
    public double? Waiting { get; init; }

    /// <summary>Used part of the key-value cache, 0 to 1. Cached but idle blocks do not count.</summary>
    public double? CacheUsage { get; init; }

    /// <summary>Prompt tokens looked up in the prefix cache since the engine started.</summary>
    public double? PrefixQueries { get; init; }

    /// <summary>Those of them that were found.</summary>
    public double? PrefixHits { get; init; }

    public double? PromptTokens { get; init; }

    public double? GeneratedTokens { get; init; }

    /// <summary>Tokens of one cache block.</summary>
    public int? BlockSize { get; init; }

    /// <summary>Blocks of the whole cache.</summary>
    public int? Blocks { get; init; }

    /// <summary>Grows with every token that the engine computes; null when the replica does not tell.</summary>
    public double? Progress => PromptTokens is null && GeneratedTokens is null ? null : (PromptTokens ?? 0) + (GeneratedTokens ?? 0);
}
