using System.Buffers;

namespace AiInfra.MemoryService.Search;

/// <summary>Scores every memory of a scope by the cheap terms, and the best of them by late interaction as well.</summary>
internal static class ScopeSearcher
{
    /// <summary>Late interaction is worked out for so many of the best by the other terms, and for all in scopes of this size.</summary>
    public const int LateInteractionCandidates = 400;

    /// <param name="index">The scope, locked for reading.</param>
    /// <param name="question">Taken apart against this scope.</param>
    /// <param name="weights">What each term counts for.</param>
    /// <param name="admission">Which memories may be found.</param>
    /// <param name="limit">Hits wanted.</param>
    /// <param name="now">For the age of memories.</param>
    /// <returns>The best hits, best first; equal scores in the order of storing.</returns>
    public static IReadOnlyList<SearchHit> Search(ScopeIndex index, Question question, SearchWeights weights, Admission admission, int limit, DateTimeOffset now) =>
        Search(index, question, weights, admission, limit, now, LateInteractionCandidates);

    /// <inheritdoc cref="Search(ScopeIndex, Question, SearchWeights, Admission, int, DateTimeOffset)"/>
    /// <param name="lateInteractionCandidates">For so many late interaction is worked out.</param>
    public static IReadOnlyList<SearchHit> Search(
        ScopeIndex index, Question question, SearchWeights weights, Admission admission, int limit, DateTimeOffset now, int lateInteractionCandidates)
    {
        var count = index.RowCount;
        if (index.Count == 0)
        {
            return [];
        }

        var lexical = ArrayPool<float>.Shared.Rent(count);
        var cosines = ArrayPool<float>.Shared.Rent(count);
        Array.Clear(lexical, 0, count);
        try
        {
            var largest = weights.Lexical > 0 ? LexicalScorer.Score(index, question.Words, weights.Columns, lexical.AsSpan(0, count)) : 0;
            Cosines(index, question, weights, admission.Among, cosines);
            var cheap = new CheapTerms(index, question, weights, lexical, largest, cosines, now);
            var wanted = weights.LateInteraction > 0 ? Math.Min(count, Math.Max(limit, lateInteractionCandidates)) : limit;
            var candidates = Best(index.Rows, cheap, admission, wanted);
            return weights.LateInteraction > 0 ? Refine(index, question, weights, candidates, limit) : candidates;
        }
        finally
        {
            ArrayPool<float>.Shared.Return(lexical);
            ArrayPool<float>.Shared.Return(cosines);
        }
    }

    private static void Cosines(ScopeIndex index, Question question, SearchWeights weights, int[]? among, float[] cosines)
    {
        var rows = index.Rows;
        if (weights.Dense <= 0)
        {
            Array.Clear(cosines, 0, rows.Count);
            return;
        }

        var (values, scale) = VectorKernels.QuantizeQuestion(question.Sentence.Span);
        if (among is null)
        {
            for (var row = 0; row < rows.Count; row++)
            {
                cosines[row] = VectorKernels.Dot(values, index.Sentence(row)) * scale * rows.Scales[row];
            }

            return;
        }

        foreach (var row in among)
        {
            cosines[row] = VectorKernels.Dot(values, index.Sentence(row)) * scale * rows.Scales[row];
            foreach (var neighbour in new Neighbours(rows, row))
            {
                cosines[neighbour] = VectorKernels.Dot(values, index.Sentence(neighbour)) * scale * rows.Scales[neighbour];
            }
        }
    }

    private static List<SearchHit> Best(RowColumns rows, CheapTerms cheap, Admission admission, int wanted)
    {
        var best = new BestRows(wanted);
        var count = admission.Among?.Length ?? rows.Count;
        for (var i = 0; i < count; i++)
        {
            var row = admission.Among?[i] ?? i;
            if (rows.Alive[row] && cheap.Score(row) is var score && score > best.Worst && admission.Admits(rows.Memories[row]))
            {
                best.Add(row, score);
            }
        }

        return Sorted(best.Rows.Select(row => new SearchHit(rows.Memories[row].Sequence, row, cheap.Of(row))), wanted);
    }

    private static List<SearchHit> Refine(ScopeIndex index, Question question, SearchWeights weights, List<SearchHit> candidates, int limit)
    {
        var late = new LateInteraction(index, question.Tokens);
        var rows = index.Rows;
        return Sorted(
            candidates.Select(hit => hit with
            {
                Terms = hit.Terms with
                {
                    LateInteraction = weights.LateInteraction * late.Score(hit.Row),
                    Answer = rows.Previous[hit.Row] is var before && before != ScopeIndex.None && rows.AreQuestions[before] ? weights.Answer * late.OwnScore(before) : 0,
                },
            }),
            limit);
    }

    private static List<SearchHit> Sorted(IEnumerable<SearchHit> hits, int limit) =>
        [.. hits.OrderByDescending(hit => hit.Score).ThenBy(hit => hit.Sequence).Take(limit)];
}
