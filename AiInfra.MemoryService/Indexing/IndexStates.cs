using System.Collections.Concurrent;

namespace AiInfra.MemoryService.Indexing;

/// <summary>How one tenant's collection is.</summary>
/// <param name="IsWell">It answers, and holds what it should but for the pending changes.</param>
/// <param name="Problem">A sentence for the operator; empty when it is well.</param>
/// <param name="Pending">Changes that it has not been told yet.</param>
internal sealed record IndexState(string Tenant, bool IsWell, string Problem, long Pending);

/// <summary>The state of every collection, as the indexer saw it last.</summary>
internal sealed class IndexStates
{
    private readonly ConcurrentDictionary<string, IndexState> _states = new(StringComparer.Ordinal);

    public IEnumerable<IndexState> All => _states.Values;

    public IndexState? Of(string tenant) => _states.GetValueOrDefault(tenant);

    public void Set(IndexState state) => _states[state.Tenant] = state;
}
