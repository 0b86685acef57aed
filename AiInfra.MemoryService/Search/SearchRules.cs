namespace AiInfra.MemoryService.Search;

/// <summary>What a search must be to be answered.</summary>
internal static class SearchRules
{
    /// <returns>Broken rules by field; empty when there are none.</returns>
    public static Dictionary<string, string[]> Broken(string? query, int? limit, SearchFilter? filter, SearchOptions options)
    {
        var broken = new Dictionary<string, string[]>(StringComparer.Ordinal);
        if (string.IsNullOrWhiteSpace(query) || query.Length > options.MaxQueryLength)
        {
            broken["query"] = [$"1 to {options.MaxQueryLength} characters."];
        }

        if (limit < 1 || limit > options.MaxLimit)
        {
            broken["limit"] = [$"A number from 1 to {options.MaxLimit}."];
        }

        if (filter?.Metadata is { } metadata && !metadata.IsValid())
        {
            broken["filter.metadata"] = ["A condition on a field, or others joined by and, or, not; at most 8 levels."];
        }

        return broken;
    }
}
