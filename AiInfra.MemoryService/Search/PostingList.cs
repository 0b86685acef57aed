namespace AiInfra.MemoryService.Search;

/// <summary>The memories that hold a term, in the order of their rows, and how often each does.</summary>
internal sealed class PostingList
{
    private int[] _rows = new int[2];
    private ushort[] _counts = new ushort[2];

    public int Count { get; private set; }

    public ReadOnlySpan<int> Rows => _rows.AsSpan(0, Count);

    public ReadOnlySpan<ushort> Counts => _counts.AsSpan(0, Count);

    /// <summary>The list after rows have moved; null when nothing of it is left.</summary>
    /// <param name="moved">The new place of each row, or <see cref="ScopeIndex.None"/>.</param>
    public PostingList? Moved(int[] moved)
    {
        var left = new PostingList();
        for (var i = 0; i < Count; i++)
        {
            if (moved[_rows[i]] is var row && row != ScopeIndex.None)
            {
                left.Add(row, _counts[i]);
            }
        }

        return left.Count > 0 ? left : null;
    }

    public void Add(int row, int count)
    {
        if (Count == _rows.Length)
        {
            Array.Resize(ref _rows, Count * 2);
            Array.Resize(ref _counts, Count * 2);
        }

        _rows[Count] = row;
        _counts[Count] = (ushort)Math.Min(count, ushort.MaxValue);
        Count++;
    }
}
