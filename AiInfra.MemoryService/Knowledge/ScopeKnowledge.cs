using AiInfra.MemoryService.Lexicon;
using AiInfra.MemoryService.Search;

namespace AiInfra.MemoryService.Knowledge;

/// <summary>What a scope's own words and attributes tell, without a model. Everything is counted inside the scope.</summary>
internal static class ScopeKnowledge
{
    private const int MaxValues = 50;
    // A word in fewer memories than this is chance, in more than half of them it tells nothing.
    private const int FewestMemories = 2;

    public static StatisticsResponse Statistics(ScopeIndex index)
    {
        var living = index.Rows.ToArray().Where(row => row.Alive).Select(row => row.Attributes).ToList();
        return new StatisticsResponse(
            living.Count,
            living.Select(attributes => attributes.SessionId).OfType<string>().Distinct(StringComparer.Ordinal).Count(),
            living.Count(attributes => attributes.Pinned),
            living.Count(attributes => attributes.SupersededBy is not null),
            living.Count(attributes => attributes.Quarantined),
            living.Count == 0 ? null : living.Min(attributes => attributes.Timestamp),
            living.Count == 0 ? null : living.Max(attributes => attributes.Timestamp),
            Counts(living.Select(attributes => attributes.Domain)),
            Counts(living.Select(attributes => attributes.Type)),
            Counts(living.SelectMany(attributes => attributes.Tags)),
            Counts(living.Select(attributes => attributes.Speaker)));
    }

    /// <summary>Words that stand beside the keywords more often than chance would have it, strongest first.</summary>
    public static IReadOnlyList<KeywordResponse> Expand(ScopeIndex index, IReadOnlyList<string> keywords, int limit)
    {
        var stems = keywords.SelectMany(Words.Of).Select(PorterStemmer.Stem).ToHashSet(StringComparer.Ordinal);
        var beside = new HashSet<int>();
        foreach (var stem in stems)
        {
            beside.UnionWith(LivingRows(index, stem));
        }

        return Strongest(index, beside, index.Count, stems, limit);
    }

    /// <summary>Words of the memories since a time, against all: what is talked of more than before, strongest first.</summary>
    public static IReadOnlyList<KeywordResponse> Trends(ScopeIndex index, DateTimeOffset since, string? domain, int limit)
    {
        var recent = new HashSet<int>();
        var rows = index.Rows;
        for (var row = 0; row < rows.Length; row++)
        {
            if (rows[row].Alive && rows[row].Attributes.Timestamp >= since && (domain is null || rows[row].Attributes.Domain == domain))
            {
                recent.Add(row);
            }
        }

        return Strongest(index, recent, index.Count, [], limit);
    }

    private static List<KeywordResponse> Strongest(ScopeIndex index, HashSet<int> among, int all, HashSet<string> except, int limit)
    {
        var found = new List<KeywordResponse>();
        foreach (var (stem, _) in index.Terms)
        {
            var word = index.WordOf(stem);
            if (except.Contains(stem) || StopWords.Contains(word) || word.Length < 3)
            {
                continue;
            }

            var rows = LivingRows(index, stem);
            var together = rows.Count(among.Contains);
            if (together < FewestMemories || rows.Count * 2 > all)
            {
                continue;
            }

            // Pointwise mutual information, times how often: a single coincidence is no association.
            var information = Math.Log((double)together * all / ((double)rows.Count * among.Count));
            if (information > 0)
            {
                found.Add(new KeywordResponse(word, together, Math.Round(information * Math.Log(1 + together), 4)));
            }
        }

        return [.. found.OrderByDescending(keyword => keyword.Weight).ThenBy(keyword => keyword.Keyword, StringComparer.Ordinal).Take(limit)];
    }

    private static List<int> LivingRows(ScopeIndex index, string stem)
    {
        var living = new List<int>();
        foreach (var row in index.Postings(stem) is { } postings ? postings.Rows : [])
        {
            if (index.Rows[row].Alive)
            {
                living.Add(row);
            }
        }

        return living;
    }

    private static List<CountResponse> Counts(IEnumerable<string?> values) =>
        [.. values.OfType<string>().CountBy(value => value, StringComparer.Ordinal)
            .OrderByDescending(count => count.Value).ThenBy(count => count.Key, StringComparer.Ordinal)
            .Take(MaxValues).Select(count => new CountResponse(count.Key, count.Value))];
}
