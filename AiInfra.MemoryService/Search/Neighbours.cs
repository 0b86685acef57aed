namespace AiInfra.MemoryService.Search;

/// <summary>The rows one and two places before and after a row in its session: near ones first.</summary>
internal struct Neighbours
{
    private readonly int[] _previous;
    private readonly int[] _next;
    private readonly int _before;
    private readonly int _after;
    private int _step;

    public Neighbours(RowColumns rows, int row)
    {
        _previous = rows.Previous;
        _next = rows.Next;
        _before = _previous[row];
        _after = _next[row];
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
                2 => _before == ScopeIndex.None ? ScopeIndex.None : _previous[_before],
                _ => _after == ScopeIndex.None ? ScopeIndex.None : _next[_after],
            };
            if (Current != ScopeIndex.None)
            {
                return true;
            }
        }

        return false;
    }
}
