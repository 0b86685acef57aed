namespace AiInfra.MemoryService.Search;

/// <summary>The terms that cost next to nothing per memory, so that every memory gets them.</summary>
internal sealed class CheapTerms(ScopeIndex index, Question question, SearchWeights weights, float[] lexical, float largestLexical, float[] cosines, DateTimeOffset now)
{
    private const int DaysAfter = 7;

    private readonly float _meanCosine = weights.DenseNear > 0 ? index.MeanCosine(question.Sentence.Span) : 0;
    private readonly Dictionary<int, float> _calendar = [];
    private readonly int _speaker = question.Speaker is { } named ? index.NumberOf(named) : ScopeIndex.Nobody;

    public SearchTerms Of(int row)
    {
        var rows = index.Rows;
        return new SearchTerms(
            Lexical: largestLexical > 0 ? weights.Lexical * lexical[row] / largestLexical : 0,
            Dense: weights.Dense * Dense(rows, row),
            LateInteraction: 0,
            Speaker: rows[row].Speaker == _speaker ? weights.Speaker : 0,
            Calendar: question.Dates.Count > 0 ? weights.Calendar * Calendar(rows[row].Day) : 0,
            Question: rows[row].IsQuestion ? weights.Question : 0,
            Worth: Worth(rows[row]));
    }

    private float Worth(in IndexedRow row)
    {
        var worth = (weights.Importance * row.Importance) + (weights.Confidence * row.Confidence);
        if (weights.Recency > 0)
        {
            var attributes = row.Attributes;
            var days = attributes.Pinned ? 0 : MathF.Max(0, (float)(now - attributes.Timestamp).TotalDays);
            worth += weights.Recency * MathF.Pow(2, -days / weights.RecencyHalfLifeDays);
        }

        return worth;
    }

    private float Dense(ReadOnlySpan<IndexedRow> rows, int row)
    {
        var sum = cosines[row];
        if (weights.DenseNear > 0)
        {
            // A neighbour counts by how much nearer to the question it is than any memory: a missing one adds nothing.
            var neighbours = new Neighbours(rows, row);
            while (neighbours.MoveNext())
            {
                sum += (neighbours.IsNear ? weights.DenseNear : weights.DenseFar) * (cosines[neighbours.Current] - _meanCosine);
            }
        }

        return sum;
    }

    private float Calendar(int day)
    {
        if (_calendar.TryGetValue(day, out var known))
        {
            return known;
        }

        var best = 0f;
        foreach (var dates in question.Dates)
        {
            var value = day < dates.First.DayNumber || day > dates.Last.DayNumber + DaysAfter ? 0 : day <= dates.Last.DayNumber ? 1 : 0.5f;
            best = MathF.Max(best, value * dates.Weight);
        }

        return _calendar[day] = best;
    }
}
