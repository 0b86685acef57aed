using AiInfra.MemoryService.Lexicon;
using AiInfra.MemoryService.Search;

namespace AiInfra.MemoryService.Knowledge;

/// <summary>What a scope's own words and attributes tell, without a model. Everything is counted inside the scope.</summary>
internal static class ScopeKnowledge
{
    private const int MaxValues = 50;
    // A word in fewer memories than this is chance, in more than half of them it tells nothing.
    private const int FewestMemories = 2;
    private const int FewestLetters = 3;

    public static StatisticsResponse Statistics(ScopeIndex index)
    {
        var rows = index.Rows;
        var living = Enumerable.Range(0, rows.Count).Where(row => rows.Alive[row]).Select(row => rows.Memories[row].Attributes).ToList();
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
    public static List<FoundStem> Expand(ScopeIndex index, IReadOnlyList<string> keywords, int limit)
    {
        var stems = keywords.SelectMany(Words.Of).Select(PorterStemmer.Stem).ToHashSet(StringComparer.Ordinal);
        var beside = new HashSet<int>();
        foreach (var stem in stems)
        {
            beside.UnionWith(LivingRows(index, stem));
        }

        return Strongest(index, beside, index.Count, stems, limit);
    }

    /// <summary>In how many living memories a word stands.</summary>
    public static int MemoriesWith(ScopeIndex index, string word) =>
        Words.Of(word).Select(part => LivingRows(index, PorterStemmer.Stem(part)).Count).DefaultIfEmpty().Min();

    /// <summary>Words of the memories since a time, against all: what is talked of more than before, strongest first.</summary>
    public static List<FoundStem> Trends(ScopeIndex index, DateTimeOffset since, string? domain, int limit)
    {
        var recent = new HashSet<int>();
        var rows = index.Rows;
        for (var row = 0; row < rows.Count; row++)
        {
            if (rows.Alive[row] && rows.Memories[row].Attributes is var attributes && attributes.Timestamp >= since && (domain is null || attributes.Domain == domain))
            {
                recent.Add(row);
            }
        }

        return Strongest(index, recent, index.Count, [], limit);
    }

    private static List<FoundStem> Strongest(ScopeIndex index, HashSet<int> among, int all, HashSet<string> except, int limit)
    {
        var found = new List<FoundStem>();
        foreach (var (stem, _) in index.Terms)
        {
            if (except.Contains(stem) || StopWords.Contains(stem) || stem.Length < FewestLetters)
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
                found.Add(new FoundStem(stem, index.Rows.Memories[rows[0]].Sequence, together, Math.Round(information * Math.Log(1 + together), 4)));
            }
        }

        return [.. found.OrderByDescending(stem => stem.Weight).ThenBy(stem => stem.Stem, StringComparer.Ordinal).Take(limit)];
    }

    private static List<int> LivingRows(ScopeIndex index, string stem)
    {
        var living = new List<int>();
        foreach (var row in index.Postings(stem) is { } postings ? postings.Rows : [])
        {
            if (index.Rows.Alive[row])
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

/// <summary>A stem that tells something, and where to find the word that it came from.</summary>
/// <param name="Sequence">A living memory that holds it.</param>
internal readonly record struct FoundStem(string Stem, long Sequence, int Memories, double Weight);
