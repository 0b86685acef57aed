using System.Buffers;

namespace AiInfra.MemoryService.Search;

/// <summary>Scores every memory of a scope by the cheap terms, and the best of them by late interaction as well.</summary>
internal static class ScopeSearcher
{
    /// <summary>Late interaction is worked out for so many of the best by the other terms, and for all in scopes of this size.</summary>
    public const int LateInteractionCandidates = 400;

    private const int FirstHits = 5;

    /// <param name="index">The scope, locked for reading.</param>
    /// <param name="question">Taken apart against this scope.</param>
    /// <param name="weights">What each term counts for.</param>
    /// <param name="admits">Which memories may be found. It plays no part in any statistic.</param>
    /// <param name="limit">Hits wanted.</param>
    /// <param name="now">For the age of memories.</param>
    /// <returns>The best hits, best first; equal scores in the order of storing.</returns>
    public static IReadOnlyList<SearchHit> Search(
        ScopeIndex index, Question question, SearchWeights weights, Func<IndexedMemory, bool> admits, int limit, DateTimeOffset now) =>
        Search(index, question, weights, admits, limit, now, LateInteractionCandidates);

    /// <inheritdoc cref="Search(ScopeIndex, Question, SearchWeights, Func{IndexedMemory, bool}, int, DateTimeOffset)"/>
    /// <param name="lateInteractionCandidates">For so many late interaction is worked out.</param>
    public static IReadOnlyList<SearchHit> Search(
        ScopeIndex index, Question question, SearchWeights weights, Func<IndexedMemory, bool> admits, int limit, DateTimeOffset now, int lateInteractionCandidates)
    {
        var count = index.RowCount;
        if (index.Count == 0)
        {
            return [];
        }

        var lexical = ArrayPool<float>.Shared.Rent(count);
        var cosines = ArrayPool<float>.Shared.Rent(count);
        Array.Clear(lexical, 0, count);
        Array.Clear(cosines, 0, count);
        try
        {
            var largest = weights.Lexical > 0 ? LexicalScorer.Score(index, question.Words, weights.Columns, lexical.AsSpan(0, count)) : 0;
            if (weights.Dense > 0)
            {
                Cosines(index, question, cosines);
            }

            var cheap = new CheapTerms(index, question, weights, lexical, largest, cosines, now);
            var wanted = weights.LateInteraction > 0 ? Math.Min(count, Math.Max(limit, lateInteractionCandidates)) : limit;
            var candidates = Best(index, cheap, admits, wanted);
            return weights.LateInteraction > 0 ? Refine(index, question, weights, candidates, limit) : candidates;
        }
        finally
        {
            ArrayPool<float>.Shared.Return(lexical);
            ArrayPool<float>.Shared.Return(cosines);
        }
    }

    private static void Cosines(ScopeIndex index, Question question, float[] cosines)
    {
        var (values, scale) = VectorKernels.QuantizeQuestion(question.Sentence.Span);
        var rows = index.Rows;
        for (var row = 0; row < rows.Length; row++)
        {
            cosines[row] = VectorKernels.Dot(values, index.Sentence(row)) * scale * rows[row].Scale;
        }
    }

    private static List<SearchHit> Best(ScopeIndex index, CheapTerms cheap, Func<IndexedMemory, bool> admits, int wanted)
    {
        var rows = index.Rows;
        // The worst of the best on top. Later rows lose against equal scores, so that the order of storing decides.
        var best = new PriorityQueue<SearchHit, (float Score, int Row)>(wanted + 1, WorstFirst);
        for (var row = 0; row < rows.Length; row++)
        {
            if (!rows[row].Alive)
            {
                continue;
            }

            var terms = cheap.Of(row);
            if (best.Count == wanted && best.TryPeek(out _, out var worst) && terms.Score <= worst.Score)
            {
                continue;
            }

            if (admits(rows[row].Memory))
            {
                best.Enqueue(new SearchHit(rows[row].Memory.Sequence, row, terms), (terms.Score, row));
                if (best.Count > wanted)
                {
                    best.Dequeue();
                }
            }
        }

        return Sorted(best.UnorderedItems.Select(item => item.Element), wanted);
    }

    private static List<SearchHit> Refine(ScopeIndex index, Question question, SearchWeights weights, List<SearchHit> candidates, int limit)
    {
        var late = new LateInteraction(index, question.Tokens);
        var refined = candidates.Select(hit => hit with { Terms = hit.Terms with { LateInteraction = weights.LateInteraction * late.Score(hit.Row) } });
        if (weights.SecondHop <= 0)
        {
            return Sorted(refined, limit);
        }

        // The first hits stay where they are; what they lack is asked of the rest.
        var sorted = Sorted(refined, candidates.Count);
        var lacking = late.Lacking(sorted.Take(FirstHits).Select(hit => hit.Row));
        var rest = sorted.Skip(FirstHits).Select(hit => hit with
        {
            Terms = hit.Terms with { LateInteraction = hit.Terms.LateInteraction + (weights.SecondHop * late.Score(hit.Row, lacking)) },
        });
        return [.. sorted.Take(FirstHits), .. Sorted(rest, Math.Max(0, limit - FirstHits))];
    }

    private static List<SearchHit> Sorted(IEnumerable<SearchHit> hits, int limit) =>
        [.. hits.OrderByDescending(hit => hit.Score).ThenBy(hit => hit.Sequence).Take(limit)];

    private static readonly Comparer<(float Score, int Row)> WorstFirst = Comparer<(float Score, int Row)>.Create((left, right) =>
        left.Score != right.Score ? left.Score.CompareTo(right.Score) : right.Row.CompareTo(left.Row));
}
