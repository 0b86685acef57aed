using AiInfra.MemoryService.Access;
using AiInfra.MemoryService.Domains;
using AiInfra.MemoryService.Embeddings;
using AiInfra.MemoryService.Memories;
using AiInfra.MemoryService.Storage;
using AiInfra.MemoryService.Telemetry;

namespace AiInfra.MemoryService.Search;

/// <summary>A memory that was found, with the terms of its score.</summary>
internal sealed record FoundMemory(MemoryRecord Memory, double Score, SearchTerms Terms);

/// <summary>Answers questions from the caller's memories.</summary>
internal sealed class MemorySearch(ScopeIndexes indexes, TenantDatabases databases, MemoryEmbedder embedder, WordPieces pieces, TimeProvider time, MemoryMetrics metrics, DomainTable domains)
{
    // The constant of Cormack, Clarke and Buettcher (SIGIR 2009).
    private const double RankOffset = 60;

    public async Task<IReadOnlyList<FoundMemory>> SearchAsync(
        Caller caller, string query, Ranking ranking, SearchFilter filter, int limit, CancellationToken cancellationToken) =>
        await SearchAsync(caller, query, ranking, null, filter, limit, cancellationToken);

    /// <param name="caller">Whose memories.</param>
    /// <param name="query">The question.</param>
    /// <param name="ranking">How they are ranked.</param>
    /// <param name="boost">What importance, confidence and age count for; null as by default.</param>
    /// <param name="filter">Which may be found.</param>
    /// <param name="limit">Results wanted.</param>
    /// <param name="cancellationToken">Gives the search up.</param>
    public async Task<IReadOnlyList<FoundMemory>> SearchAsync(
        Caller caller, string query, Ranking ranking, SearchBoost? boost, SearchFilter filter, int limit, CancellationToken cancellationToken)
    {
        var stage = metrics.Start();
        var embedding = await embedder.EmbedQueryAsync(query, cancellationToken);
        stage = metrics.SearchStage("embed", stage);
        var now = time.GetUtcNow();
        var hits = await indexes.ReadAsync(
            caller,
            index =>
            {
                var admission = new Admission(Admits, FilterRows.Of(index, filter, caller.Domains));
                var question = Question.Of(query, embedding, index, pieces, word => filter.Domain is { } domain ? domains.SynonymsOf(word, domain) : []);
                return ranking == Ranking.ReciprocalRank
                    ? Fused(index, question, admission, limit, now)
                    : ScopeSearcher.Search(index, question, boost?.Over(Weights(ranking)) ?? Weights(ranking), admission, limit, now).Select(hit => (hit, (double)hit.Score)).ToList();
            },
            cancellationToken);
        stage = metrics.SearchStage("score", stage);
        var found = Records(caller, hits);
        metrics.SearchStage("read", stage);
        return found;

        bool Admits(IndexedMemory memory) => caller.MayUse(memory.Attributes.Domain) && filter.Admits(memory, now);
    }

    /// <summary>The memories nearest in meaning to one of the caller's, nearest first; null when it is not there.</summary>
    public async Task<IReadOnlyList<FoundMemory>?> SimilarAsync(Caller caller, string id, int limit, CancellationToken cancellationToken)
    {
        if (databases.Of(caller.Tenant).Read(connection => MemoryRows.Find(connection, caller.User, id)) is not var (sequence, memory) || !caller.MayUse(memory.Attributes.Domain))
        {
            return null;
        }

        var now = time.GetUtcNow();
        var hits = await indexes.ReadAsync(caller, index => index.RowOf(sequence) is { } row ? Nearest(caller, index, row, now, limit) : [], cancellationToken);
        return Records(caller, hits);
    }

    private static List<(SearchHit hit, double Score)> Nearest(Caller caller, ScopeIndex index, int row, DateTimeOffset now, int limit)
    {
        var sentence = new float[index.Sentence(row).Length];
        for (var d = 0; d < sentence.Length; d++)
        {
            sentence[d] = index.Sentence(row)[d] * index.Rows.Scales[row];
        }

        var self = index.Rows.Memories[row].Sequence;
        var question = Question.Of(sentence);
        return [.. ScopeSearcher
            .Search(index, question, SearchWeights.DenseOnly, new Admission(memory => memory.Sequence != self && caller.MayUse(memory.Attributes.Domain) && SearchFilter.None.Admits(memory, now)), limit, now)
            .Select(hit => (hit, (double)hit.Score))];
    }

    private List<FoundMemory> Records(Caller caller, List<(SearchHit hit, double Score)> hits) =>
        databases.Of(caller.Tenant).Read(connection => hits
            .Select(found => (found.hit, found.Score, Memory: MemoryRows.Find(connection, caller.User, found.hit.Sequence)))
            // Deleted since the index was read: it is not there any more.
            .Where(found => found.Memory is not null)
            .Select(found => new FoundMemory(found.Memory!, found.Score, found.hit.Terms))
            .ToList());

    private static SearchWeights Weights(Ranking ranking) => ranking switch
    {
        Ranking.Hybrid => SearchWeights.Default,
        Ranking.HybridWithoutLateInteraction => SearchWeights.WithoutLateInteraction,
        Ranking.Lexical => SearchWeights.LexicalOnly,
        _ => SearchWeights.DenseOnly,
    };

    private static List<(SearchHit hit, double Score)> Fused(ScopeIndex index, Question question, Admission admission, int limit, DateTimeOffset now)
    {
        var lexical = ScopeSearcher.Search(index, question, SearchWeights.LexicalOnly, admission, index.Count, now).Where(hit => hit.Score > 0).ToList();
        var dense = ScopeSearcher.Search(index, question, SearchWeights.DenseOnly, admission, index.Count, now);
        var scores = new Dictionary<int, double>();
        foreach (var ranked in new[] { lexical, dense })
        {
            for (var rank = 0; rank < ranked.Count; rank++)
            {
                scores[ranked[rank].Row] = scores.GetValueOrDefault(ranked[rank].Row) + (1 / (RankOffset + rank + 1));
            }
        }

        return [.. dense.Select(hit => (hit, scores[hit.Row])).OrderByDescending(pair => pair.Item2).ThenBy(pair => pair.hit.Sequence).Take(limit)];
    }
}
