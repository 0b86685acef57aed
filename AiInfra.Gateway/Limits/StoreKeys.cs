namespace AiInfra.Gateway.Limits;

/// <summary>
/// Names in the store. Everything of one tenant carries the tenant in braces: a Redis cluster keeps such keys on one node, where one
/// script can change them together.
/// </summary>
internal static class StoreKeys
{
    public const string Fleet = "aiinfra:fleet";

    public static string Meter(string tenant, MeterId id) =>
        $"aiinfra:{{{tenant}}}:meter:{id.Subject}:{Lower(id.Unit)}:{Lower(id.Period.Span)}:{id.Period.Name}";

    public static string Usage(string tenant, string day) => $"aiinfra:{{{tenant}}}:usage:{day}";

    /// <summary>Which replica keeps a response.</summary>
    public static string Response(string tenant, string id) => $"aiinfra:{{{tenant}}}:response:{id}";

    public static string Applied(string tenant) => $"aiinfra:{{{tenant}}}:applied";

    // Only our own words change their case: two users may differ in nothing else.
    private static string Lower<T>(T word)
        where T : struct, Enum => word.ToString().ToLowerInvariant();
}
