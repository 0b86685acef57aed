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

    /// <summary>Adds to <paramref name="scores"/> (float[rows], zero at first) and returns the largest.</summary>
    public static float Score(ScopeIndex index, IEnumerable<string> words, ColumnWeights weights, Span<float> scores)
    {
        var rows = index.Rows;
        var meanLength = index.MeanLength(weights.WithNeighbours);
        var frequencies = ArrayPool<float>.Shared.Rent(rows.Length);
        var touched = ArrayPool<int>.Shared.Rent(rows.Length);
        Array.Clear(frequencies, 0, rows.Length);
        try
        {
            foreach (var word in words)
            {
                if (index.Postings(PorterStemmer.Stem(word)) is not { } postings)
                {
                    continue;
                }

                var count = Spread(rows, postings, weights, frequencies, touched);
                var rarity = Math.Log(1 + ((index.Count - count + 0.5) / (count + 0.5)));
                foreach (var row in touched.AsSpan(0, count))
                {
                    var length = weights.WithNeighbours ? rows[row].WindowLength : rows[row].Length;
                    var frequency = frequencies[row];
                    scores[row] += (float)(rarity * frequency * (K1 + 1) / (frequency + (K1 * (1 - B + (B * length / meanLength)))));
                    frequencies[row] = 0;
                }
            }
        }
        finally
        {
            ArrayPool<float>.Shared.Return(frequencies);
            ArrayPool<int>.Shared.Return(touched);
        }

        return System.Numerics.Tensors.TensorPrimitives.Max(scores[..Math.Max(1, rows.Length)]);
    }

    /// <summary>Gives each occurrence to its memory and to the memories around; returns how many memories have the word.</summary>
    private static int Spread(ReadOnlySpan<IndexedRow> rows, PostingList postings, ColumnWeights weights, float[] frequencies, int[] touched)
    {
        var count = 0;
        var counts = postings.Counts;
        for (var i = 0; i < postings.Count; i++)
        {
            var row = postings.Rows[i];
            if (!rows[row].Alive)
            {
                continue;
            }

            Add(row, weights.Own * counts[i]);
            if (!weights.WithNeighbours)
            {
                continue;
            }

            var neighbours = new Neighbours(rows, row);
            while (neighbours.MoveNext())
            {
                Add(neighbours.Current, (neighbours.IsNear ? weights.Near : weights.Far) * counts[i]);
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
