using System.Buffers;
using AiInfra.MemoryService.Lexicon;

namespace AiInfra.MemoryService.Search;

/// <summary>Weights of a memory's own words and of those of its neighbours in the session.</summary>
internal readonly record struct ColumnWeights(float Own, float Near, float Far)
{
    public static readonly ColumnWeights OwnOnly = new(1, 0, 0);

    public bool WithNeighbours => Near > 0 || Far > 0;
}

/// <summary>
/// BM25 over a scope's postings (Robertson and Zaragoza, 2009), with the neighbours' words as further weighted fields as in FTS5's
/// <c>bm25()</c>, which cannot be used itself: it counts every user of the table.
/// </summary>
internal static class LexicalScorer
{
    private const double K1 = 1.2;
    private const double B = 0.75;
    private const float Plain = (float)(K1 * (1 - B));

    /// <summary>Adds to <paramref name="scores"/> (float[rows], zero at first) and returns the largest.</summary>
    public static float Score(ScopeIndex index, IEnumerable<string> words, ColumnWeights weights, Span<float> scores)
    {
        var rows = index.Rows;
        var lengths = weights.WithNeighbours ? rows.WindowLengths : rows.Lengths;
        var perWord = (float)(K1 * B / index.MeanLength(weights.WithNeighbours));
        var frequencies = ArrayPool<float>.Shared.Rent(rows.Count);
        var touched = ArrayPool<int>.Shared.Rent(rows.Count);
        Array.Clear(frequencies, 0, rows.Count);
        try
        {
            foreach (var word in words)
            {
                if (index.Postings(PorterStemmer.Stem(word)) is not { } postings)
                {
                    continue;
                }

                var count = Spread(rows, postings, weights, frequencies, touched);
                var rarity = (float)(Math.Log(1 + ((index.Count - count + 0.5) / (count + 0.5))) * (K1 + 1));
                foreach (var row in touched.AsSpan(0, count))
                {
                    var frequency = frequencies[row];
                    scores[row] += rarity * frequency / (frequency + Plain + (perWord * lengths[row]));
                    frequencies[row] = 0;
                }
            }
        }
        finally
        {
            ArrayPool<float>.Shared.Return(frequencies);
            ArrayPool<int>.Shared.Return(touched);
        }

        return System.Numerics.Tensors.TensorPrimitives.Max(scores[..Math.Max(1, rows.Count)]);
    }

    /// <summary>Gives each occurrence to its memory and to the memories around; returns how many memories have the word.</summary>
    private static int Spread(RowColumns rows, PostingList postings, ColumnWeights weights, float[] frequencies, int[] touched)
    {
        var count = 0;
        var ids = postings.Rows;
        var counts = postings.Counts;
        var (previous, next) = (rows.Previous, rows.Next);
        for (var i = 0; i < ids.Length; i++)
        {
            var row = ids[i];
            if (!rows.Alive[row])
            {
                continue;
            }

            Add(row, weights.Own * counts[i]);
            if (!weights.WithNeighbours)
            {
                continue;
            }

            // Written out where Neighbours would do: a frequent word comes through here for every third memory.
            var (near, far) = (weights.Near * counts[i], weights.Far * counts[i]);
            if (previous[row] is var before && before != ScopeIndex.None)
            {
                Add(before, near);
                if (previous[before] is var first && first != ScopeIndex.None)
                {
                    Add(first, far);
                }
            }

            if (next[row] is var after && after != ScopeIndex.None)
            {
                Add(after, near);
                if (next[after] is var last && last != ScopeIndex.None)
                {
                    Add(last, far);
                }
            }
        }

        return count;

        void Add(int row, float frequency)
        {
            if (frequencies[row] == 0)
            {
                touched[count++] = row;
            }

            frequencies[row] += frequency;
        }
    }
}
