using AiInfra.MemoryService.Access;
using AiInfra.MemoryService.Domains;
using AiInfra.MemoryService.Lexicon;
using AiInfra.MemoryService.Memories;
using AiInfra.MemoryService.Search;
using AiInfra.MemoryService.Storage;

namespace AiInfra.MemoryService.Knowledge;

/// <summary>Words out of the caller's own memories. Each is read from a memory that is there: no word of a deleted one is shown.</summary>
internal sealed class Keywords(ScopeIndexes indexes, TenantDatabases databases, DomainTable domains, TimeProvider time)
{
    public async Task<KeywordsResponse> ExpandAsync(Caller caller, IReadOnlyList<string> keywords, string? domain, int limit, CancellationToken cancellationToken)
    {
        var vocabulary = keywords.SelectMany(word => domains.SynonymsOf(word, domain)).Distinct(StringComparer.OrdinalIgnoreCase).ToList();
        var (stems, synonyms) = await indexes.ReadAsync(
            caller,
            index => (ScopeKnowledge.Expand(index, keywords, limit), vocabulary.Select(word => (word, Memories: ScopeKnowledge.MemoriesWith(index, word))).ToList()),
            cancellationToken);
        var found = Read(caller, stems);
        var known = found.Select(keyword => keyword.Keyword).ToHashSet(StringComparer.OrdinalIgnoreCase);
        return new KeywordsResponse(
            [.. found, .. synonyms.Where(synonym => known.Add(synonym.word)).Select(synonym => new KeywordResponse(synonym.word, synonym.Memories, 0, FromVocabulary: true))]);
    }

    public async Task<KeywordsResponse> TrendsAsync(Caller caller, int days, string? domain, int limit, CancellationToken cancellationToken)
    {
        var since = time.GetUtcNow().AddDays(-days);
        return new KeywordsResponse(Read(caller, await indexes.ReadAsync(caller, index => ScopeKnowledge.Trends(index, since, domain, limit), cancellationToken)));
    }

    private List<KeywordResponse> Read(Caller caller, List<FoundStem> stems) =>
        databases.Of(caller.Tenant).Read(connection => stems
            .Select(stem => (stem, Word: MemoryRows.Find(connection, caller.User, stem.Sequence) is { } memory ? WordOf(memory.Text, stem.Stem) : null))
            .Where(pair => pair.Word is not null)
            .Select(pair => new KeywordResponse(pair.Word!, pair.stem.Memories, pair.stem.Weight))
            .ToList());

    private static string? WordOf(string text, string stem) => Words.Of(text).FirstOrDefault(word => PorterStemmer.Stem(word) == stem);
}
