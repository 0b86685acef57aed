namespace AiInfra.LocalVllm.Engine;

/// <summary>How a prompt was processed. Times are <see cref="TimeProvider.GetTimestamp"/> of the engine's clock.</summary>
/// <param name="CachedTokens">Prompt tokens taken from the prefix cache.</param>
/// <param name="QueuedAt">When the engine took the request.</param>
/// <param name="ScheduledAt">When its first prompt token was scheduled.</param>
internal sealed record PrefillReport(int CachedTokens, long QueuedAt, long ScheduledAt)
{
    /// <summary>Prompt tokens newly left in the cache by this request.</summary>
    public int CreatedCacheTokens { get; init; }

    /// <summary>One entry a prompt token, null for the first; null unless asked for.</summary>
    public IReadOnlyList<TokenLogprobs?>? PromptLogprobs { get; init; }
}
