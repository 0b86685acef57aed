namespace AiInfra.AppHost.Planning;

/// <summary>Layers that share one block table: a block of the pool holds a page of each.</summary>
internal sealed record CacheGroup(CacheKind Kind, int BlockTokens, long PageBytes, int WindowTokens, IReadOnlyList<int> Layers)
{
    /// <summary>Pages that a request of <paramref name="tokens"/> holds at most, as vLLM admits it.</summary>
    public long PagesPerRequest(long tokens, int batchedTokens, StateMode mode, int draftTokens, int contextRanks) => Kind switch
    {
        CacheKind.Full => Integers.CeilingDivide(Integers.CeilingDivide(tokens, contextRanks), BlockTokens),
        // The window may begin inside a block: one more.
        CacheKind.Sliding => Integers.CeilingDivide(Math.Min((long)WindowTokens - 1 + batchedTokens, tokens), BlockTokens) + 1,
        CacheKind.Chunked => Integers.CeilingDivide(Math.Min((long)WindowTokens + batchedTokens, tokens), BlockTokens),
        _ => draftTokens + mode switch
        {
            StateMode.All => Integers.CeilingDivide(tokens, BlockTokens),
            StateMode.Align => 2,
            _ => 1,
        },
    };
}
