using AiInfra.Gateway.Limits;

namespace AiInfra.Tests.Limits;

/// <summary>
/// One seeded schedule in virtual time: gateways that share limits through a store, with arrivals, cancels, crashes, restarts, lost,
/// late and repeated messages, a store that goes away, and a calendar that steps. After every event the truth is held against the limits.
/// </summary>
/// <remarks>Over 400 lines because a schedule is one story: its world, its events and its checks share every field.</remarks>
internal sealed class LimitSchedule
{
    public const long Price = 3;

    private static readonly TimeSpan End = TimeSpan.FromSeconds(70);
    private static readonly TimeSpan DeadAfter = TimeSpan.FromSeconds(61);

    private readonly Random _random;
    private readonly PriorityQueue<Action, (long Ticks, int Order)> _agenda = new();
    private readonly ModelStore _store = new();
    private readonly List<SimulatedGateway> _gateways = [];
    private readonly HashSet<string> _dead = [];
    private readonly List<MeterRule> _rules = [];
    private readonly Queue<(TimeSpan At, long Tokens)> _lastMinute = new();
    private readonly Dictionary<string, long> _charged = [];
    private readonly Dictionary<long, SimulatedCall> _offered = [];
    private TimeSpan _now;
    private TimeSpan _calendar;
    private int _order;
    private int _lives;
    private int _calls;
    private bool _storeIsDown;
    private bool _calm;
    private bool _isChecked = true;

    public LimitSchedule(int seed)
    {
        _random = new Random(seed);
        AddRule(MeterUnit.Tokens, MeterSpan.Day, 2000, 8000);
        AddRule(MeterUnit.Money, MeterSpan.Month, 5000, 30000);
        AddRule(MeterUnit.Tokens, MeterSpan.Minute, 500, 4000);
        AddRule(MeterUnit.Requests, MeterSpan.Minute, 10, 60);
        AddRule(MeterUnit.Running, MeterSpan.Now, 2, 12);
        if (_rules.Count == 0)
        {
            _rules.Add(new MeterRule(MeterUnit.Tokens, MeterSpan.Week, 3000));
        }
    }

    public int Admitted { get; private set; }

    public int Refused { get; private set; }

    private Instant Now => new(_now, DateTimeOffset.UnixEpoch.AddYears(56).AddHours(23) + _now + _calendar);

    public void Run()
    {
        for (var i = _random.Next(1, 4); i > 0; i--)
        {
            Begin();
        }

        for (var i = _random.Next(20, 90); i > 0; i--)
        {
            At(Uniform(End), Arrive);
        }

        Sometimes(0.5, () => At(Uniform(End), () => Crash(_random.NextDouble() < 0.7)));
        Sometimes(0.2, () => At(Uniform(End), () => Crash(_random.NextDouble() < 0.7)));
        Sometimes(0.5, () => StoreOutage(Uniform(End)));
        Sometimes(0.3, () => At(Uniform(End), () => _calendar += TimeSpan.FromHours(_random.Next(-40, 41))));
        At(End, () => _calm = true);
        // Long enough that windows drain, the dead are buried and what lies idle is given back.
        Drain(End + TimeSpan.FromSeconds(135));
        CheckTheEnd();
    }

    private void AddRule(MeterUnit unit, MeterSpan span, int least, int most) =>
        Sometimes(0.6, () => _rules.Add(new MeterRule(unit, span, _random.Next(least, most))));

    private SimulatedGateway Begin()
    {
        var gateway = new SimulatedGateway($"g{_lives++}");
        _gateways.Add(gateway);
        Tick(gateway);
        return gateway;
    }

    private void Tick(SimulatedGateway gateway)
    {
        if (gateway.IsDead || _now > End + TimeSpan.FromMinutes(3))
        {
            return;
        }

        if (gateway.BelievesStoreIsAway != _storeIsDown)
        {
            gateway.BelievesStoreIsAway = _storeIsDown;
            Tell(gateway, _storeIsDown ? new LedgerEvent.StoreAway() : new LedgerEvent.StoreBack());
        }

        Tell(gateway, new LedgerEvent.Tick());
        After(TimeSpan.FromMilliseconds(_calm ? 4000 : 400 + _random.Next(300)), () => Tick(gateway));
    }

    private void Arrive()
    {
        if (Living() is not { } gateway)
        {
            return;
        }

        var bound = _random.Next(5, 300);
        var call = new SimulatedCall(_calls++, bound, _random.Next(0, bound + 1), _random.Next(6) == 0);
        _offered[call.Id] = call;
        Tell(gateway, new LedgerEvent.Reserve(call.Id, [.. _rules.Select(rule => new Demand("tenant", rule, BoundOf(rule, call)))], _random.Next(2) == 0));
        Sometimes(0.05, () => After(TimeSpan.FromMilliseconds(5), () => Tell(gateway, new LedgerEvent.Abandon(call.Id))));
    }

    private void Crash(bool comesBack)
    {
        if (Living() is not { } gateway)
        {
            return;
        }

        gateway.IsDead = true;
        foreach (var call in gateway.Running.Values)
        {
            // The engine stops with its caller. The tokens made were at most the bound, and the bound is what the books charge.
            gateway.Charge(call, call.Bound);
            Charge(call, call.Bound);
            _lastMinute.Enqueue((_now, call.Charged));
        }

        gateway.Running.Clear();
        After(DeadAfter, () => _dead.Add(gateway.Name));
        if (comesBack)
        {
            After(Uniform(TimeSpan.FromSeconds(20)), () =>
            {
                Begin();
                Replay(gateway);
            });
        }
        else if (_gateways.TrueForAll(each => each.IsDead))
        {
            Begin();
        }
    }

    // What a restart does with the journal of the life before; the answer may get lost, so it may happen twice.
    private void Replay(SimulatedGateway gateway)
    {
        if (_storeIsDown)
        {
            After(TimeSpan.FromSeconds(1), () => Replay(gateway));
            return;
        }

        var lines = gateway.Journal.Select(entry => new StoreLine(
            entry.Key, entry.Value.Rule, entry.Value.End, entry.Value.Charged, entry.Value.Charged, entry.Value.Charged, 0, 0));
        _store.Run(gateway.Name, 1, _dead, new StoreMessage(LeaseScript.Closed, [.. lines]));
        Sometimes(0.3, () => After(TimeSpan.FromSeconds(1), () => Replay(gateway)));
    }

    private void StoreOutage(TimeSpan at)
    {
        At(at, () => _storeIsDown = true);
        At(at + Uniform(TimeSpan.FromSeconds(15)), () => _storeIsDown = false);
    }

    private void Tell(SimulatedGateway gateway, LedgerEvent happened)
    {
        if (gateway.IsDead)
        {
            return;
        }

        foreach (var effect in gateway.Ledger.Handle(happened, Now))
        {
            switch (effect)
            {
                case LedgerEffect.Admit admit:
                    Start(gateway, _offered[admit.Id], admit.Claims);
                    break;
                case LedgerEffect.Refuse:
                    Refused++;
                    break;
                case LedgerEffect.Send send:
                    Deliver(gateway, send.Message);
                    break;
                case LedgerEffect.AskBack ask:
                    Publish(gateway, new LedgerEvent.AskedBack(ask.StoreKeys));
                    break;
                case LedgerEffect.TellGivenBack tell:
                    Publish(gateway, new LedgerEvent.GivenBack(tell.StoreKeys));
                    break;
            }
        }

        foreach (var meter in gateway.Ledger.Meters)
        {
            if (meter.Occupied(_now) > meter.Granted)
            {
                throw Failure($"{gateway.Name} occupies {meter.Occupied(_now)} of {meter.Granted} in {meter.StoreKey}");
            }
        }

        if (!_isChecked)
        {
            CheckTheLimits();
            _isChecked = true;
        }

    }

    private void Start(SimulatedGateway gateway, SimulatedCall call, IReadOnlyList<Claim> claims)
    {
        Admitted++;
        gateway.Running.Add(call.Id, call);
        _isChecked = false;
        call.Budgets.AddRange(claims.Select(claim => claim.Meter).Where(meter => meter.Rule.IsBudget)
            .Select(meter => (meter.StoreKey, meter.Rule, meter.Id.Period.End)));

        After(Uniform(TimeSpan.FromSeconds(12)), () =>
        {
            if (gateway.Running.Remove(call.Id))
            {
                gateway.Charge(call, call.Charged);
                Charge(call, call.Charged);
                _lastMinute.Enqueue((_now, call.Charged));
                Tell(gateway, new LedgerEvent.Settle(call.Id, call.Charged, call.Charged * Price));
            }
        });
    }

    private void Deliver(SimulatedGateway gateway, StoreMessage message)
    {
        var fate = _calm ? 1 : _random.NextDouble();
        var delay = TimeSpan.FromMilliseconds(_random.Next(1, 20));
        if (fate < 0.03)
        {
            // Carried out after the sender gave up, perhaps after newer messages.
            After(TimeSpan.FromMilliseconds(_random.Next(900, 2500)), () => RunInStore(gateway, message));
        }

        After(delay, () =>
        {
            var answer = fate < 0.06 || _storeIsDown ? null : RunInStore(gateway, message);
            After(answer is null || fate < 0.1 ? TimeSpan.FromSeconds(1) : delay, () => Tell(gateway, answer is null || fate < 0.1
                ? new LedgerEvent.StoreFailed(message.Version)
                : new LedgerEvent.StoreAnswered(message.Version, answer)));
        });
    }

    private List<StoreGrant> RunInStore(SimulatedGateway gateway, StoreMessage message)
    {
        var answer = _store.Run(gateway.Name, Math.Max(1, _gateways.Count(each => !each.IsDead)), _dead, message);
        foreach (var line in message.Lines)
        {
            if (_store.Granted(line.StoreKey) > line.Rule.Limit)
            {
                throw Failure($"the store granted {_store.Granted(line.StoreKey)} of {line.Rule.Limit} of {line.StoreKey}");
            }
        }

        return answer;
    }

    private void Publish(SimulatedGateway from, LedgerEvent happened)
    {
        foreach (var gateway in _gateways.Where(gateway => gateway != from && (_calm || _random.Next(20) > 0)).ToList())
        {
            After(TimeSpan.FromMilliseconds(_random.Next(1, 10)), () => Tell(gateway, happened));
        }
    }

    private void Charge(SimulatedCall call, long tokens)
    {
        _isChecked = false;
        foreach (var (key, rule, _) in call.Budgets)
        {
            _charged[key] = _charged.GetValueOrDefault(key) + (rule.Unit == MeterUnit.Money ? tokens * Price : tokens);
        }
    }

    private void CheckTheLimits()
    {
        while (_lastMinute.TryPeek(out var first) && _now - first.At > TimeSpan.FromMinutes(1))
        {
            _lastMinute.Dequeue();
        }

        var running = _gateways.SelectMany(gateway => gateway.Running.Values).ToList();
        foreach (var rule in _rules)
        {
            switch (rule.Unit)
            {
                case MeterUnit.Running:
                    Require(running.Count <= rule.Limit, $"{running.Count} calls run where {rule.Limit} may");
                    break;
                case MeterUnit.Tokens when rule.Span == MeterSpan.Minute:
                    var tokens = _lastMinute.Sum(entry => entry.Tokens) + running.Sum(call => call.Charged);
                    Require(tokens <= rule.Limit, $"{tokens} tokens in a minute where {rule.Limit} may");
                    break;
            }
        }

        foreach (var (key, charged) in _charged)
        {
            var limit = _rules.First(rule => rule.IsBudget && key.Contains($":{rule.Unit}:{rule.Span}:", StringComparison.OrdinalIgnoreCase)).Limit;
            Require(charged <= limit, $"{charged} charged to {key} where {limit} may");
        }
    }

    private void CheckTheEnd()
    {
        foreach (var gateway in _gateways.Where(gateway => !gateway.IsDead))
        {
            Require(gateway.Ledger.IsQuiet, $"{gateway.Name} has not come to rest");
        }

        foreach (var (key, parts) in _store.Meters)
        {
            // Of a gateway that never came back nobody knows what it did: its whole part stays charged.
            var lost = parts.Where(part => _gateways.Exists(gateway => gateway.Name == part.Key && gateway.IsDead) && part.Value.Version < LeaseScript.Closed).ToList();
            var known = parts.Except(lost).ToList();
            Require(known.TrueForAll(part => part.Value.Granted == part.Value.Used), $"idle capacity of {key} was not given back");
            var journalled = _gateways.Where(gateway => known.Exists(part => part.Key == gateway.Name)).Sum(gateway => gateway.Journal.GetValueOrDefault(key).Charged);
            Require(known.Sum(part => part.Value.Used) == journalled, $"the store holds {known.Sum(part => part.Value.Used)} of {key} where {journalled} was settled");
            foreach (var (name, part) in lost)
            {
                var charged = _gateways.First(gateway => gateway.Name == name).Journal.GetValueOrDefault(key).Charged;
                Require(part.Granted >= charged, $"{name} died with {charged} charged and holds {part.Granted} of {key}");
            }
        }

        CheckThatTheRestIsThere();
    }

    // Nothing got lost either: one request for exactly what is left of a budget is let in, wherever it arrives.
    private void CheckThatTheRestIsThere()
    {
        var gateway = _gateways.First(each => !each.IsDead);
        foreach (var rule in _rules.Where(rule => rule.IsBudget))
        {
            var id = new MeterId("tenant", rule.Unit, Period.Of(rule.Span, Now.Utc));
            var left = rule.Limit - _store.Granted(StoreKeys.Meter("t", id));
            var (admitted, refused) = (Admitted, Refused);
            _offered[-1] = new SimulatedCall(-1, left, 0, false);
            Tell(gateway, new LedgerEvent.Reserve(-1, [new Demand("tenant", rule, left + 1)], true));
            Drain(_now + TimeSpan.FromSeconds(5));
            Require(Refused == refused + 1, $"one more than the rest of {rule} was let in");
            Tell(gateway, new LedgerEvent.Reserve(-1, [new Demand("tenant", rule, left)], true));
            Drain(_now + TimeSpan.FromMilliseconds(100));
            Require(Admitted == admitted + 1, $"the rest of {rule}, {left}, was refused");
            gateway.Running.Clear();
            Tell(gateway, new LedgerEvent.Settle(-1, 0, 0));
        }
    }

    private void Drain(TimeSpan until)
    {
        while (_agenda.TryPeek(out _, out var due) && due.Ticks <= until.Ticks)
        {
            var action = _agenda.Dequeue();
            _now = TimeSpan.FromTicks(due.Ticks);
            action();
        }

        _now = until;
    }

    private long BoundOf(MeterRule rule, SimulatedCall call) => rule.Unit switch
    {
        MeterUnit.Tokens => call.Bound,
        MeterUnit.Money => call.Bound * Price,
        _ => 1,
    };

    private SimulatedGateway? Living()
    {
        var living = _gateways.Where(gateway => !gateway.IsDead).ToList();
        return living.Count == 0 ? null : living[_random.Next(living.Count)];
    }

    private TimeSpan Uniform(TimeSpan limit) => limit * _random.NextDouble();

    private void Sometimes(double chance, Action action)
    {
        if (_random.NextDouble() < chance)
        {
            action();
        }
    }

    private void At(TimeSpan at, Action action) => _agenda.Enqueue(action, (at.Ticks, _order++));

    private void After(TimeSpan delay, Action action) => At(_now + delay, action);

    private void Require(bool holds, string otherwise)
    {
        if (!holds)
        {
            throw Failure(otherwise);
        }
    }

    private InvalidOperationException Failure(string otherwise) => new($"At {_now}: {otherwise}. Rules: {string.Join("; ", _rules)}");
}
