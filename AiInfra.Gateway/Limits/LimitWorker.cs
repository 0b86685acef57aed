using StackExchange.Redis;

namespace AiInfra.Gateway.Limits;

/// <summary>The timers of the limits: a tick and the disk ten times a second, a sign of life twice, usage once. None waits for another.</summary>
internal sealed partial class LimitWorker(LimitService limits, RedisLink redis, ILogger<LimitWorker> logger) : BackgroundService
{
    private static readonly TimeSpan TickEvery = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan BeatEvery = TimeSpan.FromMilliseconds(500);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!redis.IsConfigured)
        {
            return;
        }

        var subscriber = redis.Connection.GetSubscriber();
        await Task.WhenAll(
            RepeatAsync(TickEvery, () => { limits.Tick(); return Task.CompletedTask; }, stoppingToken),
            RepeatAsync(TickEvery, () => { limits.SyncJournal(); return Task.CompletedTask; }, stoppingToken),
            RepeatAsync(BeatEvery, limits.BeatAsync, stoppingToken),
            RepeatAsync(TimeSpan.FromSeconds(1), limits.FlushUsageAsync, stoppingToken),
            UntilItWorksAsync(limits.ReplayAsync, stoppingToken),
            UntilItWorksAsync(() => subscriber.SubscribeAsync(LimitChannels.AskBack, (_, text) => limits.Hear(text!, keys => new LedgerEvent.AskedBack(keys))), stoppingToken),
            UntilItWorksAsync(() => subscriber.SubscribeAsync(LimitChannels.GivenBack, (_, text) => limits.Hear(text!, keys => new LedgerEvent.GivenBack(keys))), stoppingToken));
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        if (redis.IsConfigured)
        {
            limits.Tick();
            await TryAsync(limits.FlushUsageAsync);
            await TryAsync(() => { limits.SyncJournal(); return Task.CompletedTask; });
        }
    }

    private async Task RepeatAsync(TimeSpan every, Func<Task> action, CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(every);
        do
        {
            await TryAsync(action);
        }
        while (await WaitAsync(timer, cancellationToken));
    }

    private async Task UntilItWorksAsync(Func<Task> action, CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(BeatEvery);
        while (!await TryAsync(action) && await WaitAsync(timer, cancellationToken))
        {
        }
    }

    private async Task<bool> TryAsync(Func<Task> action)
    {
        try
        {
            await action();
            return true;
        }
        catch (Exception problem) when (problem is RedisException or TimeoutException or IOException)
        {
            Failed(logger, problem.GetType().Name);
            return false;
        }
        catch (Exception problem)
        {
            // A timer that ended here would leave whoever waits for the store waiting for ever.
            FailedUnexpectedly(logger, problem);
            return false;
        }
    }

    private static async ValueTask<bool> WaitAsync(PeriodicTimer timer, CancellationToken cancellationToken)
    {
        try
        {
            return await timer.WaitForNextTickAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    [LoggerMessage(LogLevel.Debug, "The limits could not reach the store or the disk: {Problem}")]
    private static partial void Failed(ILogger logger, string problem);

    [LoggerMessage(LogLevel.Error, "The limits go on after an error")]
    private static partial void FailedUnexpectedly(ILogger logger, Exception problem);
}
