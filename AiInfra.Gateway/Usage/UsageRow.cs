namespace AiInfra.Gateway.Usage;

/// <summary>One line of the books, as <c>/admin/usage</c> shows it: money in millionths of the prices' currency, durations added up.</summary>
internal sealed record UsageRow(
    string Tenant, string Day, string Key, string User, string Model,
    long Requests, long PromptTokens, long CachedTokens, long CompletionTokens, long UncountedTokens, long Money, long Milliseconds)
{
    public static UsageRow Of(string tenant, string day, string who, long[] figures)
    {
        var names = who.Split('|').Select(Uri.UnescapeDataString).ToArray();
        return new UsageRow(
            tenant, day, names[0], names[1], names[2], figures[0], figures[1], figures[2], figures[3], figures[4], figures[5], figures[6]);
    }
}
