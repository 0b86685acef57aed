namespace AiInfra.MemoryService.Search;

/// <summary>The terms that cost next to nothing per memory, so that every memory gets them.</summary>
internal sealed class CheapTerms(ScopeIndex index, Question question, SearchWeights weights, float[] lexical, float largestLexical, float[] cosines, DateTimeOffset now)
{
    private const int DaysAfter = 7;

    private readonly RowColumns _rows = index.Rows;
    private readonly float _meanCosine = weights.DenseNear > 0 ? index.MeanCosine(question.Sentence.Span) : 0;
    private readonly int _speaker = question.Speaker is { } named ? index.NumberOf(named) : ScopeIndex.Nobody;
    private readonly bool _hasDates = question.Dates.Count > 0;
    // Memories of one day mostly stand together.
    private (int Day, float Value) _latestDay = (-1, 0);

    /// <summary>The sum of <see cref="Of"/>, bit for bit.</summary>
    public float Score(int row) => Lexical(row) + (weights.Dense * Dense(row)) + Speaker(row) + Calendar(row) + Question(row) + Worth(row);

    public SearchTerms Of(int row) => new(Lexical(row), weights.Dense * Dense(row), 0, Speaker(row), Calendar(row), Question(row), Worth(row));

    private float Lexical(int row) => largestLexical > 0 ? weights.Lexical * lexical[row] / largestLexical : 0;

    private float Speaker(int row) => _rows.Speakers[row] == _speaker ? weights.Speaker : 0;

    private float Question(int row) => _rows.AreQuestions[row] ? weights.Question : 0;

    private float Worth(int row)
    {
        var worth = (weights.Importance * _rows.Importances[row]) + (weights.Confidence * _rows.Confidences[row]);
        if (weights.Recency > 0)
        {
            var days = _rows.ArePinned[row] ? 0 : MathF.Max(0, (float)TimeSpan.FromTicks(now.UtcTicks - _rows.Times[row]).TotalDays);
            worth += weights.Recency * MathF.Pow(2, -days / weights.RecencyHalfLifeDays);
        }

        return worth;
    }

    // A neighbour counts by how much nearer to the question it is than any memory: a missing one adds nothing.
    // Written out where Neighbours would do: every memory comes through here.
    private float Dense(int row)
    {
        var sum = cosines[row];
        if (weights.DenseNear <= 0)
        {
            return sum;
        }

        var (previous, next) = (_rows.Previous, _rows.Next);
        var (before, after) = (previous[row], next[row]);
        sum += Part(before, weights.DenseNear) + Part(after, weights.DenseNear);
        return sum + Part(before == ScopeIndex.None ? before : previous[before], weights.DenseFar) + Part(after == ScopeIndex.None ? after : next[after], weights.DenseFar);
    }

    private float Part(int neighbour, float weight) => neighbour == ScopeIndex.None ? 0 : weight * (cosines[neighbour] - _meanCosine);

    private float Calendar(int row)
    {
        if (!_hasDates)
        {
            return 0;
        }

        var day = _rows.Days[row];
        if (day != _latestDay.Day)
        {
            _latestDay = (day, weights.Calendar * Nearest(day));
        }

        return _latestDay.Value;
    }

    private float Nearest(int day)
    {
        var best = 0f;
        foreach (var dates in question.Dates)
        {
            var value = day < dates.First.DayNumber || day > dates.Last.DayNumber + DaysAfter ? 0 : day <= dates.Last.DayNumber ? 1 : 0.5f;
            best = MathF.Max(best, value * dates.Weight);
        }

        return best;
    }
}
