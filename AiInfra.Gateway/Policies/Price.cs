namespace AiInfra.Gateway.Policies;

/// <summary>What a model's tokens cost, in millionths of the currency per million tokens: one token at a price of 1.00 costs 1.</summary>
internal sealed record Price(decimal Prompt, decimal CachedPrompt, decimal Completion)
{
    public static Price Free { get; } = new(0, 0, 0);

    public static Price Of(PriceOptions options) => new(options.Prompt, options.CachedPrompt ?? options.Prompt, options.Completion);

    /// <summary>Rounded up, so that many small calls cost no less than one large.</summary>
    public long CostOf(long promptTokens, long cachedTokens, long completionTokens) => (long)Math.Ceiling(
        ((promptTokens - cachedTokens) * Prompt) + (cachedTokens * CachedPrompt) + (completionTokens * Completion));

    /// <summary>The most that so many tokens can cost, however many of them turn out to be cached.</summary>
    public long MostFor(long promptTokens, long completionTokens) => (long)Math.Ceiling(
        (promptTokens * Math.Max(Prompt, CachedPrompt)) + (completionTokens * Completion));
}
