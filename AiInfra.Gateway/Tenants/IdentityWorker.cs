using AiInfra.Gateway.Limits;
using AiInfra.Gateway.Policies;
using StackExchange.Redis;

namespace AiInfra.Gateway.Tenants;

/// <summary>Keeps the keys and policies in memory as they stand in Redis: by announcement at once, by epoch within half a second.</summary>
internal sealed partial class IdentityWorker(IdentityStore store, ApiKeys keys, PolicyStore policies, RedisLink redis, ILogger<IdentityWorker> logger) : BackgroundService
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(500);

    private readonly SemaphoreSlim _announced = new(0);
    private long _epoch = -1;

    /// <summary>True as soon as the issued keys were read once; until then an unknown key may be a good one.</summary>
    public bool IsReady { get; private set; } = !redis.IsConfigured;

    public override void Dispose()
    {
        _announced.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!redis.IsConfigured)
        {
            return;
        }

        var isSubscribed = false;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                if (!isSubscribed)
                {
                    await redis.Connection.GetSubscriber().SubscribeAsync(IdentityStore.Changed, (_, _) => _announced.Release());
                    isSubscribed = true;
                }

                await LookAsync();
            }
            catch (Exception problem) when (problem is RedisException or TimeoutException)
            {
                Unreachable(logger, problem.GetType().Name);
            }

            try
            {
                await _announced.WaitAsync(LookEvery, stoppingToken);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    private async Task LookAsync()
    {
        // Read before the rest: what changes in between is read again.
        var epoch = await store.EpochAsync();
        if (epoch != _epoch)
        {
            policies.Take(await store.PoliciesAsync());
            keys.TakeIssued(await store.KeysAsync());
            _epoch = epoch;
        }

        IsReady = true;
    }

    [LoggerMessage(LogLevel.Debug, "Keys and policies could not be read: {Problem}")]
    private static partial void Unreachable(ILogger logger, string problem);
}
