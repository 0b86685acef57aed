namespace AiInfra.MemoryService.Search;

/// <summary>What a search must be to be answered.</summary>
internal static class SearchRules
{
    /// <returns>Broken rules by field; empty when there are none.</returns>
    public static Dictionary<string, string[]> Broken(string? query, int? limit, SearchOptions options)
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

        return broken;
    }
}
