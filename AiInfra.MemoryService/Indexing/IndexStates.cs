using System.Collections.Concurrent;

namespace AiInfra.MemoryService.Indexing;

/// <summary>How one tenant's collection is.</summary>
/// <param name="IsWell">It answers, and holds what it should but for the pending changes.</param>
/// <param name="Problem">A sentence for the operator; empty when it is well.</param>
/// <param name="Pending">Changes that it has not been told yet.</param>
internal sealed record IndexState(string Tenant, bool IsWell, string Problem, long Pending);

/// <summary>The state of every collection, as the indexer saw it last.</summary>
internal sealed class IndexStates(TimeProvider time)
{
    private readonly ConcurrentDictionary<string, IndexState> _states = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, long> _behindSince = new(StringComparer.Ordinal);

    public IEnumerable<IndexState> All => _states.Values;

    public IndexState? Of(string tenant) => _states.GetValueOrDefault(tenant);

    public void Set(IndexState state) => _states[state.Tenant] = state;

    /// <summary>The tenants with changes that the index may not have.</summary>
    public IEnumerable<string> Behind => _behindSince.Keys;

    /// <summary>How long the index that is longest behind has been so.</summary>
    public TimeSpan Lag => _behindSince.Values.Select(since => time.GetElapsedTime(since)).DefaultIfEmpty().Max();

    /// <summary>False where there is no Chroma: then nothing can be behind.</summary>
    public bool IsKept { get; set; }

    public void FallBehind(string tenant)
    {
        if (IsKept)
        {
            _behindSince.TryAdd(tenant, time.GetTimestamp());
        }
    }

    /// <summary>Everything that was in the outbox has been sent.</summary>
    public void CaughtUp(string tenant) => _behindSince.TryRemove(tenant, out _);
}
