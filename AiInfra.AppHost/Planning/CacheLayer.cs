namespace AiInfra.AppHost.Planning;

internal enum CacheKind
{
    Full,
    Sliding,
    Chunked,
    State,
}

/// <summary>What one layer keeps on one rank. Layers with equal values can share a group.</summary>
/// <param name="Kind">How it grows with the length.</param>
/// <param name="BlockTokens">Tokens of one page; for a state, tokens between two cached states.</param>
/// <param name="PageBytes">Bytes of one page.</param>
/// <param name="WindowTokens">How far a sliding or chunked layer looks back.</param>
/// <param name="Variant">Tells shapes apart that have equal pages.</param>
internal readonly record struct CacheLayer(CacheKind Kind, int BlockTokens, long PageBytes, int WindowTokens, int Variant)
{
    /// <summary>Bytes that one more token costs, 0 where the layer does not grow.</summary>
    public double GrowthBytesPerToken => Kind == CacheKind.Full ? (double)PageBytes / BlockTokens : 0;
}
