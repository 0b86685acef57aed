namespace AiInfra.MemoryService.Knowledge;

/// <summary>What a question about the scope's words must be. Each broken rule is named by its field.</summary>
internal static class KnowledgeRules
{
    private const int MaxKeywords = 32;
    private const int MaxKeywordLength = 256;

    public static Dictionary<string, string[]> Broken(IReadOnlyList<string>? keywords, int? limit)
    {
        var broken = Limit(limit);
        if (keywords is not { Count: > 0 and <= MaxKeywords } || keywords.Any(keyword => string.IsNullOrWhiteSpace(keyword) || keyword.Length > MaxKeywordLength))
        {
            broken["keywords"] = [$"1 to {MaxKeywords} keywords of 1 to {MaxKeywordLength} characters."];
        }

        return broken;
    }

    public static Dictionary<string, string[]> Broken(int? days, int? limit)
    {
        var broken = Limit(limit);
        if (days is < 1 or > KnowledgeEndpoints.MaxDays)
        {
            broken["days"] = [$"A number from 1 to {KnowledgeEndpoints.MaxDays}."];
        }

        return broken;
    }

    private static Dictionary<string, string[]> Limit(int? limit) => limit is < 1 or > KnowledgeEndpoints.MaxLimit
        ? new(StringComparer.Ordinal) { ["limit"] = [$"A number from 1 to {KnowledgeEndpoints.MaxLimit}."] }
        : new(StringComparer.Ordinal);
}
