using System.Collections.Concurrent;

namespace AiInfra.Gateway.Replicas;

/// <summary>The pools by discovery name. Models that name the same service share one.</summary>
internal sealed class ReplicaPools(TimeProvider time)
{
    private readonly ConcurrentDictionary<string, ReplicaPool> _pools = new(StringComparer.OrdinalIgnoreCase);

    public IEnumerable<ReplicaPool> All => _pools.Values;

    public ReplicaPool GetOrAdd(string service) => _pools.GetOrAdd(service, static (service, time) => new ReplicaPool(service, time), time);

    /// <summary>The replica that operators name so (host and port), or null.</summary>
    public Replica? Find(string id) => _pools.Values.SelectMany(pool => pool.Replicas).FirstOrDefault(replica => replica.Id == id);
}
