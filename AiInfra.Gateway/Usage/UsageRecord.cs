namespace AiInfra.Gateway.Usage;

/// <summary>What one call used.</summary>
internal sealed record UsageRecord(string Tenant, string Key, string User, string Model)
{
    /// <summary>Key, user and model as the books name them.</summary>
    public string Who { get; } = $"{Uri.EscapeDataString(Key)}|{Uri.EscapeDataString(User)}|{Uri.EscapeDataString(Model)}";

    /// <summary>Prompt tokens, cached ones included.</summary>
    public long PromptTokens { get; init; }

    public long CachedTokens { get; init; }

    public long CompletionTokens { get; init; }

    /// <summary>Tokens charged without being counted by the engine: the reservation of a plain call whose caller left.</summary>
    public long UncountedTokens { get; init; }

    /// <summary>Millionths of the currency that the prices are written in.</summary>
    public long Money { get; init; }

    public long Milliseconds { get; init; }

    /// <summary>What the limits are charged.</summary>
    public long Tokens => PromptTokens + CompletionTokens + UncountedTokens;

    /// <summary>The figures in the order of <see cref="UsageBook.Columns"/>.</summary>
    public long[] Figures => [1, PromptTokens, CachedTokens, CompletionTokens, UncountedTokens, Money, Milliseconds];
}
