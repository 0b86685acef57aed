using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using AiInfra.Gateway.Replicas;
using AiInfra.Gateway.Tenants;

namespace AiInfra.Gateway.Forwarding;

/// <summary>Which replica keeps the state of which response, so that the next turn (<c>previous_response_id</c>) goes there.</summary>
/// <remarks>Bounded: the oldest are forgotten first. What is not known here is nobody's: a guessed id opens no other tenant's conversation.</remarks>
internal sealed class ResponseAffinity
{
    private const int MaxKept = 65_536;

    private readonly ConcurrentDictionary<string, Owner> _owners = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<string> _order = new();

    public void Remember(string responseId, Replica replica, Caller caller)
    {
        if (_owners.TryAdd(responseId, new Owner(replica.Id, caller.Tenant)))
        {
            _order.Enqueue(responseId);
            while (_owners.Count > MaxKept && _order.TryDequeue(out var oldest))
            {
                _owners.TryRemove(oldest, out _);
            }
        }
    }

    /// <param name="responseId">The id that the caller refers to.</param>
    /// <param name="caller">Who refers to it.</param>
    /// <param name="replicaId">Where it is kept.</param>
    /// <returns>False when it is not known, or another tenant's: for this caller it does not exist.</returns>
    public bool TryFind(string responseId, Caller caller, [NotNullWhen(true)] out string? replicaId)
    {
        replicaId = _owners.TryGetValue(responseId, out var owner) && owner.Tenant == caller.Tenant ? owner.ReplicaId : null;
        return replicaId is not null;
    }

    private sealed record Owner(string ReplicaId, string Tenant);
}
