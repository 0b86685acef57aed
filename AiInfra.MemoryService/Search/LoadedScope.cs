namespace AiInfra.MemoryService.Search;

#pragma warning disable CA1001 // The lock holds nothing that must be released while no thread waits, and a dropped scope has none waiting.
/// <summary>The index of one user, its lock, and the changes that were committed while it was being read.</summary>
internal sealed class LoadedScope(string tenant, string user)
#pragma warning restore CA1001
{
    private readonly ReaderWriterLockSlim _lock = new();
    private List<IndexChange>? _whileLoading = [];
    private ScopeIndex _index = new();

    public string Tenant => tenant;

    public string User => user;

    /// <summary>Completes when the index holds everything; searches wait for it, writes do not.</summary>
    public required Task Loading { get; init; }

    public long LastUsed { get; set; }

    public int Count => _index.Count;

    /// <summary>Takes what was read, then what was committed since.</summary>
    public void Fill(IEnumerable<IndexedMemory> memories)
    {
        var index = new ScopeIndex();
        foreach (var memory in memories)
        {
            index.Apply(new IndexChange(memory.Sequence, memory));
        }

        _lock.EnterWriteLock();
        try
        {
            _whileLoading?.ForEach(index.Apply);
            _whileLoading = null;
            _index = index;
        }
        finally
        {
            _lock.ExitWriteLock();
        }
    }

    public void Apply(IndexChange change)
    {
        _lock.EnterWriteLock();
        try
        {
            if (_whileLoading is { } waiting)
            {
                waiting.Add(change);
            }
            else
            {
                _index.Apply(change);
            }
        }
        finally
        {
            _lock.ExitWriteLock();
        }
    }

    public T Read<T>(Func<ScopeIndex, T> read)
    {
        _lock.EnterReadLock();
        try
        {
            return read(_index);
        }
        finally
        {
            _lock.ExitReadLock();
        }
    }
}
