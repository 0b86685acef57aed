namespace AiInfra.MemoryService.Search;

/// <summary>The rows one and two places before and after a row in its session: near ones first.</summary>
internal ref struct Neighbours
{
    private readonly ReadOnlySpan<IndexedRow> _rows;
    private readonly int _before;
    private readonly int _after;
    private int _step;

    public Neighbours(ReadOnlySpan<IndexedRow> rows, int row)
    {
        _rows = rows;
        _before = rows[row].Previous;
        _after = rows[row].Next;
    }

    public int Current { get; private set; }

    /// <summary>True for the places one before and one after, false for those two away.</summary>
    public readonly bool IsNear => _step <= 2;

    public readonly Neighbours GetEnumerator() => this;

    public bool MoveNext()
    {
        while (_step < 4)
        {
            Current = _step++ switch
            {
                0 => _before,
                1 => _after,
                2 => _before == ScopeIndex.None ? ScopeIndex.None : _rows[_before].Previous,
                _ => _after == ScopeIndex.None ? ScopeIndex.None : _rows[_after].Next,
            };
            if (Current != ScopeIndex.None)
            {
                return true;
            }
        }

        return false;
    }
}
