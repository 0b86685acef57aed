using System.Collections.Concurrent;
using AiInfra.Gateway.Usage;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace AiInfra.Gateway.Limits;

/// <summary>The sockets, timers and files around the ledgers.</summary>
internal sealed partial class LimitService : IDisposable
{
    private readonly ConcurrentDictionary<string, TenantLimits> _tenants = new(StringComparer.Ordinal);
    private readonly LedgerSettings _settings;
    private readonly LimitOptions _options;
    private readonly Fleet _fleet;
    private readonly LeaseStore? _store;
    private readonly RedisLink _redis;
    private readonly Journal? _journal;
    private readonly TimeProvider _time;
    private readonly ILogger<LimitService> _logger;
    private long _lastId;
    private volatile bool _storeIsAway;

    public LimitService(IOptions<LimitOptions> options, RedisLink redis, UsageBook usage, TimeProvider time, ILogger<LimitService> logger)
    {
        (_options, _redis, _time, _logger) = (options.Value, redis, time, logger);
        Usage = usage;
        _settings = new LedgerSettings { WaitForOthers = _options.WaitForOthers };
        _fleet = new Fleet(Gateway, _options.DeadAfter);
        if (redis.IsConfigured)
        {
            _store = new LeaseStore(redis.Connection);
            _journal = new Journal(_options.JournalFolder, Gateway, _options.JournalBytes);
        }
    }

    /// <summary>The name of this life of this gateway in the store.</summary>
    public string Gateway { get; } = $"{Environment.MachineName}-{Guid.NewGuid():n}".ToLowerInvariant();

    public bool StoreIsAway => _storeIsAway;

    public UsageBook Usage { get; }

    /// <summary>Reserves the upper bounds of a request.</summary>
    /// <param name="tenant">Whose limits these are.</param>
    /// <param name="demands">What the request may use at most of each; empty lets it in.</param>
    /// <param name="whom">For the journal: who is charged if this gateway dies first.</param>
    /// <param name="servesWithoutStore">What the policy says for the time that the store is away.</param>
    /// <param name="cancellationToken">The caller left.</param>
    public async ValueTask<LimitAnswer> ReserveAsync(
        string tenant, IReadOnlyList<Demand> demands, ReservedFor whom, bool servesWithoutStore, CancellationToken cancellationToken)
    {
        var limits = _tenants.GetOrAdd(tenant, static (name, settings) => new TenantLimits(name, settings), _settings);
        var id = Interlocked.Increment(ref _lastId);
        if (demands.Count == 0)
        {
            return new LimitAnswer(new LimitTicket(limits, id, []), null);
        }

        TaskCompletionSource<LedgerEffect> waiting;
        lock (limits.Lock)
        {
            if (Apply(limits, new LedgerEvent.Reserve(id, demands, servesWithoutStore), (id, whom)) is { } atOnce)
            {
                return AnswerOf(limits, id, atOnce);
            }

            // Nobody can have answered meanwhile: that takes the lock.
            waiting = new TaskCompletionSource<LedgerEffect>(TaskCreationOptions.RunContinuationsAsynchronously);
            limits.Waiting.Add(id, (waiting, whom));
        }

        try
        {
            return AnswerOf(limits, id, await waiting.Task.WaitAsync(cancellationToken));
        }
        catch (OperationCanceledException)
        {
            Withdraw(limits, id);
            throw;
        }
    }

    /// <summary>Ends a request: what it used goes to the limits and the books.</summary>
    public void Settle(LimitTicket ticket, UsageRecord usage)
    {
        var written = Usage.Add(usage);
        JournalSettle(ticket.Id, ticket.Claims, usage.Tokens, usage.Money, written);

        if (ticket.Claims.Count > 0)
        {
            Tell(ticket.Limits, new LedgerEvent.Settle(ticket.Id, usage.Tokens, usage.Money));
        }
    }

    /// <summary>Tells each ledger that time passed.</summary>
    public void Tick()
    {
        foreach (var limits in _tenants.Values)
        {
            Tell(limits, new LedgerEvent.Tick());
        }
    }

    /// <summary>Has the journal written to the disk, which may take as long as a busy disk takes.</summary>
    public void SyncJournal() => _journal?.Sync();

    /// <summary>Says that this gateway lives, hears of the others, and learns whether the store is there.</summary>
    public async Task BeatAsync()
    {
        var isAway = false;
        try
        {
            var database = _redis.Connection.GetDatabase();
            var counted = database.HashIncrementAsync(StoreKeys.Fleet, Gateway);
            var fleet = await database.HashGetAllAsync(StoreKeys.Fleet).WaitAsync(_options.StoreTimeout, _time);
            await counted;
            _fleet.Observe(fleet.Select(entry => KeyValuePair.Create((string)entry.Name!, (long)entry.Value)), Instant.Now(_time).Elapsed);
            if (_fleet.Gone.Count > 0)
            {
                await database.HashDeleteAsync(StoreKeys.Fleet, [.. _fleet.Gone.Select(gateway => (RedisValue)gateway)]);
            }
        }
        catch (Exception problem) when (problem is RedisException or TimeoutException)
        {
            isAway = true;
        }

        if (isAway != _storeIsAway)
        {
            StoreChanged(_logger, isAway ? "away" : "back");
            foreach (var limits in _tenants.Values)
            {
                Tell(limits, isAway ? new LedgerEvent.StoreAway() : new LedgerEvent.StoreBack());
            }

            // Last: whoever reads it finds the ledgers told.
            _storeIsAway = isAway;
        }
    }

    /// <summary>A message of another gateway: <c>gateway tenant key key …</c>.</summary>
    public void Hear(string text, Func<IReadOnlyList<string>, LedgerEvent> asEvent)
    {
        if (text.Split(' ') is [var sender, var tenant, .. var keys] && sender != Gateway && _tenants.TryGetValue(tenant, out var limits))
        {
            Tell(limits, asEvent(keys));
        }
    }

    /// <summary>Writes what lives before this one left behind into the store and the books. Repeating it changes nothing.</summary>
    public async Task ReplayAsync()
    {
        foreach (var (gateway, file) in Journal.Orphans(_options.JournalFolder))
        {
            await using (file)
            {
                var state = Journal.Read(file);
                foreach (var tenant in state.Meters.Values.Select(meter => meter.Tenant).Distinct())
                {
                    foreach (var lines in state.ClosingLines(tenant).Chunk(_settings.MaxLines))
                    {
                        await _store!.RunAsync(gateway, 1, [], new StoreMessage(LeaseScript.Closed, lines), _time.GetUtcNow());
                    }
                }

                await Usage.ReplayAsync(gateway, state.UsageWithOrphans());
                File.Delete(file.Name);
                Replayed(_logger, gateway, state.Open.Count);
            }
        }
    }

    public async Task FlushUsageAsync()
    {
        foreach (var (tenant, serial) in await Usage.FlushAsync(Gateway))
        {
            _journal?.Acknowledge(tenant, serial);
        }
    }

    public void Dispose() => _journal?.Dispose();

    /// <summary>The meter as it stands here, for headers.</summary>
    public T Look<T>(LimitTicket ticket, Func<IReadOnlyList<Claim>, TimeSpan, T> read)
    {
        lock (ticket.Limits.Lock)
        {
            return read(ticket.Claims, Instant.Now(_time).Elapsed);
        }
    }

    /// <summary>How far the budgets of each tenant are spent: the fullest of each kind, as far as this gateway knows.</summary>
    public IEnumerable<BudgetLevel> BudgetLevels()
    {
        var now = _time.GetUtcNow();
        foreach (var limits in _tenants.Values)
        {
            List<BudgetLevel> levels;
            lock (limits.Lock)
            {
                levels = [.. limits.Ledger.Meters
                    .Where(meter => meter.Rule.IsBudget && meter.IsKnown && meter.Id.Period.Contains(now))
                    .GroupBy(meter => (Subject: meter.Id.Subject.Split(':')[0], meter.Rule.Unit, meter.Rule.Span))
                    .Select(kind => new BudgetLevel(
                        limits.Tenant, kind.Key.Subject, kind.Key.Unit, kind.Key.Span,
                        kind.Max(meter => (meter.Used + meter.SpentElsewhere) / (double)Math.Max(1, meter.Rule.Limit))))];
            }

            foreach (var level in levels)
            {
                yield return level;
            }
        }
    }

    private void Tell(TenantLimits limits, LedgerEvent happened)
    {
        lock (limits.Lock)
        {
            Apply(limits, happened, default);
        }
    }

    // Under the tenant's lock. Returns the answer to a request that asks just now, when there is one already.
    private LedgerEffect? Apply(TenantLimits limits, LedgerEvent happened, (long Id, ReservedFor Whom) asking)
    {
        LedgerEffect? answer = null;
        List<(long Id, IOException Problem)>? unwritten = null;
        foreach (var effect in limits.Ledger.Handle(happened, Instant.Now(_time)))
        {
            switch (effect)
            {
                case LedgerEffect.Admit admit:
                    try
                    {
                        var isAsking = admit.Id == asking.Id;
                        _journal?.Open(admit.Id, limits.Tenant, isAsking ? asking.Whom : limits.Waiting.GetValueOrDefault(admit.Id).Whom, admit.Claims);
                        if (isAsking)
                        {
                            answer = effect;
                        }
                        else
                        {
                            Answer(limits, admit.Id, effect);
                        }
                    }
                    catch (IOException problem)
                    {
                        (unwritten ??= []).Add((admit.Id, problem));
                    }

                    break;
                case LedgerEffect.Refuse refuse when refuse.Id == asking.Id:
                    answer = effect;
                    break;
                case LedgerEffect.Refuse refuse:
                    Answer(limits, refuse.Id, effect);
                    break;
                case LedgerEffect.Send send:
                    _ = SendAsync(limits, send.Message);
                    break;
                case LedgerEffect.AskBack ask:
                    Publish(LimitChannels.AskBack, limits, ask.StoreKeys);
                    break;
                case LedgerEffect.TellGivenBack tell:
                    Publish(LimitChannels.GivenBack, limits, tell.StoreKeys);
                    break;
            }
        }

        // A reservation that another life of this gateway would not find is none. The other effects come first: were a message to the store
        // lost with it, everybody would wait.
        foreach (var (id, problem) in unwritten ?? [])
        {
            Apply(limits, new LedgerEvent.Settle(id, 0, 0), default);
            if (limits.Waiting.Remove(id, out var waiting))
            {
                waiting.Answer.SetException(problem);
            }
        }

        return unwritten?.Find(one => one.Id == asking.Id) is { Problem: { } refused } ? throw refused : answer;
    }

    // What was used stays known, and is written with what comes next.
    private void JournalSettle(long id, IReadOnlyList<Claim> claims, long tokens, long money, JournalUsage? usage)
    {
        try
        {
            _journal?.Settle(id, claims, tokens, money, usage);
        }
        catch (IOException problem)
        {
            JournalBehind(_logger, problem);
        }
    }

    private static LimitAnswer AnswerOf(TenantLimits limits, long id, LedgerEffect effect) => effect is LedgerEffect.Admit admit
        ? new(new LimitTicket(limits, id, admit.Claims), null)
        : new(null, ((LedgerEffect.Refuse)effect).Refusal);

    private static void Answer(TenantLimits limits, long id, LedgerEffect effect)
    {
        if (limits.Waiting.Remove(id, out var waiting))
        {
            waiting.Answer.SetResult(effect);
        }
    }

    // The caller left while its request waited. Either it is taken out in the same breath, or it was let in meanwhile, and used nothing;
    // a request that is let in after its caller was forgotten would hold its reservation for ever.
    private void Withdraw(TenantLimits limits, long id)
    {
        lock (limits.Lock)
        {
            if (limits.Waiting.Remove(id))
            {
                Apply(limits, new LedgerEvent.Abandon(id), default);
            }
            else
            {
                JournalSettle(id, [], 0, 0, null);
                Apply(limits, new LedgerEvent.Settle(id, 0, 0), default);
            }
        }
    }

    private async Task SendAsync(TenantLimits limits, StoreMessage message)
    {
        LedgerEvent answer;
        try
        {
            // Off the tenant's lock before anything else.
            await Task.Yield();
            answer = _store is null
                ? new LedgerEvent.StoreFailed(message.Version)
                : new LedgerEvent.StoreAnswered(message.Version, await _store
                    .RunAsync(Gateway, _fleet.Alive, _fleet.Dead, message, _time.GetUtcNow()).WaitAsync(_options.StoreTimeout, _time));
            Interlocked.Increment(ref _roundTrips);
        }
        catch (Exception problem)
        {
            // Whatever it was: a ledger that hears nothing of its message sends no other, and whoever waits there waits for ever.
            StoreFailed(_logger, problem.GetType().Name);
            answer = new LedgerEvent.StoreFailed(message.Version);
        }

        Tell(limits, answer);
    }

    private void Publish(RedisChannel channel, TenantLimits limits, IReadOnlyList<string> keys)
    {
        if (!_storeIsAway)
        {
            _redis.Connection.GetSubscriber().Publish(channel, $"{Gateway} {limits.Tenant} {string.Join(' ', keys)}", CommandFlags.FireAndForget);
        }
    }

    private long _roundTrips;

    /// <summary>Messages to the store since the start.</summary>
    public long RoundTrips => Interlocked.Read(ref _roundTrips);

    [LoggerMessage(LogLevel.Warning, "The store of the limits is {State}")]
    private static partial void StoreChanged(ILogger logger, string state);

    [LoggerMessage(LogLevel.Error, "The journal of the limits could not be written: requests are refused until it can")]
    private static partial void JournalBehind(ILogger logger, Exception problem);

    [LoggerMessage(LogLevel.Information, "The store of the limits did not answer: {Problem}")]
    private static partial void StoreFailed(ILogger logger, string problem);

    [LoggerMessage(LogLevel.Information, "Replayed the journal of {Gateway}: {Orphans} open reservations became charges")]
    private static partial void Replayed(ILogger logger, string gateway, int orphans);
}
