namespace AiInfra.MemoryService.Search;

/// <summary>The best rows of those offered, in the order of rows: of equal scores the earlier row stays.</summary>
/// <param name="wanted">How many are kept, 1 or more.</param>
internal sealed class BestRows(int wanted)
{
    // The worst of the best on top.
    private readonly PriorityQueue<int, (float Score, int Row)> _rows = new(wanted + 1, WorstFirst);

    /// <summary>What a row must exceed to be kept.</summary>
    public float Worst { get; private set; } = float.NegativeInfinity;

    public IEnumerable<int> Rows => _rows.UnorderedItems.Select(item => item.Element);

    /// <param name="row">Behind every row that was offered before.</param>
    /// <param name="score">Above <see cref="Worst"/>.</param>
    public void Add(int row, float score)
    {
        if (_rows.Count < wanted)
        {
            _rows.Enqueue(row, (score, row));
        }
        else
        {
            _rows.DequeueEnqueue(row, (score, row));
        }

        if (_rows.Count == wanted && _rows.TryPeek(out _, out var worst))
        {
            Worst = worst.Score;
        }
    }

    private static readonly Comparer<(float Score, int Row)> WorstFirst = Comparer<(float Score, int Row)>.Create((left, right) =>
        left.Score != right.Score ? left.Score.CompareTo(right.Score) : right.Row.CompareTo(left.Row));
}
