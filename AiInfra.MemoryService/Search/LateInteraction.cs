using AiInfra.MemoryService.Embeddings;

namespace AiInfra.MemoryService.Search;

/// <summary>
/// Compares every word piece of the question with every one of a memory and of its neighbours, and adds up the best matches, weighted
/// by how rare a piece is in the scope (after ColBERT, Khattab and Zaharia, SIGIR 2020).
/// </summary>
internal sealed class LateInteraction
{
    private const float NearFactor = 0.8f;
    private const float FarFactor = 0.7f;

    private readonly ScopeIndex _index;
    private readonly short[] _interleaved;
    private readonly float[] _scales;
    private readonly int[] _largest;
    private readonly float[] _rarities;
    private readonly float _raritySum;
    // A memory is a neighbour of up to four candidates: it is compared once. Its matches lie in one list, from the given place on.
    private readonly Dictionary<int, int> _places = [];
    private readonly List<float> _matches = [];

    public LateInteraction(ScopeIndex index, TokenVectors question)
    {
        _index = index;
        _scales = new float[question.Count];
        _rarities = new float[question.Count];
        var pieces = new short[question.Count][];
        Span<float> vector = stackalloc float[TokenVectors.Dimensions];
        for (var i = 0; i < question.Count; i++)
        {
            for (var d = 0; d < vector.Length; d++)
            {
                vector[d] = question[i][d] / 127f;
            }

            (pieces[i], _scales[i]) = VectorKernels.QuantizeQuestion(vector);
            double found = index.MemoriesWithPiece(question.Pieces[i]);
            _rarities[i] = (float)Math.Log(1 + ((index.Count - found + 0.5) / (found + 0.5)));
            _raritySum += _rarities[i];
        }

        _interleaved = TokenKernel.Interleave(pieces);
        _largest = new int[_interleaved.Length / TokenVectors.Dimensions];
    }

    /// <returns>0 to 1; 0 when the question has no piece that carries meaning.</returns>
    public float Score(int row)
    {
        if (_scales.Length == 0)
        {
            return 0;
        }

        Span<float> best = stackalloc float[_scales.Length];
        BestMatches(row, best);
        var sum = 0f;
        for (var i = 0; i < best.Length; i++)
        {
            sum += _rarities[i] * best[i];
        }

        return sum / _raritySum;
    }

    /// <returns>0 to 1: the same of the row's own words alone.</returns>
    public float OwnScore(int row)
    {
        var sum = 0f;
        var matches = Matches(row);
        for (var i = 0; i < matches.Length; i++)
        {
            sum += _rarities[i] * matches[i];
        }

        return matches.Length == 0 ? 0 : sum / _raritySum;
    }

    private void BestMatches(int row, Span<float> best)
    {
        var neighbours = new Neighbours(_index.Rows, row);
        Matches(row).CopyTo(best);
        while (neighbours.MoveNext())
        {
            var factor = neighbours.IsNear ? NearFactor : FarFactor;
            var matches = Matches(neighbours.Current);
            for (var i = 0; i < best.Length; i++)
            {
                best[i] = MathF.Max(best[i], factor * matches[i]);
            }
        }
    }

    private ReadOnlySpan<float> Matches(int row)
    {
        if (!_places.TryGetValue(row, out var place))
        {
            place = _matches.Count;
            _places.Add(row, place);
            Array.Clear(_largest);
            TokenKernel.LargestDots(_interleaved, _index.Rows.Memories[row].Tokens.Values, _largest);
            for (var i = 0; i < _scales.Length; i++)
            {
                _matches.Add(_largest[i] * _scales[i] / 127f);
            }
        }

        return System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_matches).Slice(place, _scales.Length);
    }
}
