using AiInfra.Gateway.Replicas;

namespace AiInfra.Gateway.Routing;

/// <summary>Every replica in turn.</summary>
internal sealed class RoundRobinPolicy
{
    private uint _next;

    /// <returns>The chosen replica, or null when none is left.</returns>
    /// <param name="replicas">The replicas that serve.</param>
    /// <param name="tried">Those that already failed this request.</param>
    public Replica? Pick(IReadOnlyList<Replica> replicas, ReadOnlySpan<Replica?> tried)
    {
        for (var attempt = 0; attempt < replicas.Count; attempt++)
        {
            var replica = replicas[(int)(Interlocked.Increment(ref _next) % (uint)replicas.Count)];
            if (!tried.Contains(replica))
            {
                return replica;
            }
        }

        return null;
    }
}
