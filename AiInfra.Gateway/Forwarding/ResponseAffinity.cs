using System.Collections.Concurrent;
using AiInfra.Gateway.Limits;
using AiInfra.Gateway.Replicas;
using AiInfra.Gateway.Tenants;
using StackExchange.Redis;

namespace AiInfra.Gateway.Forwarding;

/// <summary>
/// Which replica keeps the state of which response, so that the next turn (<c>previous_response_id</c>) goes there, by whichever gateway
/// it comes: what this one does not know the store may.
/// </summary>
/// <remarks>Bounded: the oldest are forgotten first. What is known nowhere is nobody's: a guessed id opens no other tenant's conversation.</remarks>
internal sealed partial class ResponseAffinity(RedisLink redis, TimeProvider time, ILogger<ResponseAffinity> logger)
{
    private const int MaxKept = 65_536;
    private const int MaxIdLength = 128;
    private const int Looks = 3;

    // After its last use. A store is no place for every conversation that ever was.
    private static readonly TimeSpan KeptInStore = TimeSpan.FromHours(2);
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromMilliseconds(50);

    private readonly ConcurrentDictionary<string, Owner> _owners = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<string> _order = new();

    public void Remember(string responseId, Replica replica, Caller caller)
    {
        Keep(responseId, new Owner(replica.Id, caller.Tenant));
        if (!redis.IsConfigured || responseId.Length > MaxIdLength)
        {
            return;
        }

        try
        {
            // Not waited for: the next turn comes after a whole answer, and looks again when it was faster all the same.
            redis.Connection.GetDatabase().StringSet(StoreKeys.Response(caller.Tenant, responseId), replica.Id, KeptInStore, flags: CommandFlags.FireAndForget);
        }
        catch (RedisException problem)
        {
            NotShared(logger, problem.GetType().Name);
        }
    }

    /// <param name="responseId">The id that the caller refers to.</param>
    /// <param name="caller">Who refers to it.</param>
    /// <param name="cancellationToken">The caller left.</param>
    /// <returns>Where it is kept; null when that is not known, or it is another tenant's: for this caller it does not exist.</returns>
    public async ValueTask<string?> FindAsync(string responseId, Caller caller, CancellationToken cancellationToken)
    {
        if (_owners.TryGetValue(responseId, out var owner))
        {
            return owner.Tenant == caller.Tenant ? owner.ReplicaId : null;
        }

        for (var look = 0; redis.IsConfigured && responseId.Length <= MaxIdLength && look < Looks; look++)
        {
            try
            {
                // The tenant is part of the key: what is another's is not found.
                var replica = (string?)await redis.Connection.GetDatabase().StringGetSetExpiryAsync(StoreKeys.Response(caller.Tenant, responseId), KeptInStore);
                if (replica is not null)
                {
                    Keep(responseId, new Owner(replica, caller.Tenant));
                    return replica;
                }
            }
            catch (Exception problem) when (problem is RedisException or TimeoutException)
            {
                NotShared(logger, problem.GetType().Name);
                return null;
            }

            await Task.Delay(BetweenLooks, time, cancellationToken);
        }

        return null;
    }

    private void Keep(string responseId, Owner owner)
    {
        if (_owners.TryAdd(responseId, owner))
        {
            _order.Enqueue(responseId);
            while (_owners.Count > MaxKept && _order.TryDequeue(out var oldest))
            {
                _owners.TryRemove(oldest, out _);
            }
        }
    }

    [LoggerMessage(LogLevel.Debug, "The keepers of responses could not be shared: {Problem}")]
    private static partial void NotShared(ILogger logger, string problem);

    private sealed record Owner(string ReplicaId, string Tenant);
}
