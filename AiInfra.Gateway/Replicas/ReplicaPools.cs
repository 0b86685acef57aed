using System.Collections.Concurrent;

namespace AiInfra.Gateway.Replicas;

/// <summary>The pools by discovery name. Models that name the same service share one.</summary>
internal sealed class ReplicaPools
{
    private readonly ConcurrentDictionary<string, ReplicaPool> _pools = new(StringComparer.OrdinalIgnoreCase);

    public IEnumerable<ReplicaPool> All => _pools.Values;

    public ReplicaPool GetOrAdd(string service, string? apiKey) =>
        _pools.GetOrAdd(service, static (service, apiKey) => new ReplicaPool(service, apiKey), apiKey);
}
