namespace AiInfra.Gateway.Limits;

/// <summary>
/// The limits of one tenant at one gateway: lets requests in, settles them, and keeps leases of capacity from the store.
/// It decides only; messages and time are its caller's. Not thread-safe.
/// </summary>
/// <remarks>
/// Why there is no overshoot: the store keeps the sum of all grants of a meter within its limit, this ledger keeps what is occupied
/// within its grant, and capacity on offer to be given back is no longer lent before the message leaves.
/// </remarks>
internal sealed class Ledger(string tenant, LedgerSettings settings)
{
    private readonly MeterTable _meters = new(tenant);
    private readonly Dictionary<long, Reservation> _reservations = [];
    private readonly List<Reservation> _waiting = [];
    private readonly HashSet<Meter> _dirty = [];
    private readonly List<LedgerEffect> _effects = [];

    private StoreMessage? _inFlight;
    private long _version;
    private TimeSpan _nextSend;
    private bool _storeIsAway;

    /// <summary>Every meter that is known here, for headers and reports.</summary>
    public IReadOnlyCollection<Meter> Meters => _meters.All;

    /// <summary>Nothing waits to be told to the store, and nothing runs.</summary>
    public bool IsQuiet => _inFlight is null && _dirty.Count == 0 && _reservations.Count == 0 && _waiting.Count == 0;

    public LedgerEffect[] Handle(LedgerEvent happened, Instant now)
    {
        _effects.Clear();
        switch (happened)
        {
            case LedgerEvent.Reserve reserve:
                Reserve(reserve, now);
                break;
            case LedgerEvent.Settle settle:
                Settle(settle, now);
                break;
            case LedgerEvent.Abandon abandon:
                _waiting.RemoveAll(waiting => waiting.Id == abandon.Id);
                break;
            case LedgerEvent.StoreAnswered answer when answer.Version == _inFlight?.Version:
                Take(answer, now);
                break;
            case LedgerEvent.StoreFailed failure when failure.Version == _inFlight?.Version:
                Fail(now);
                break;
            case LedgerEvent.StoreAway:
                _storeIsAway = true;
                RefuseWaiting(RefusalReason.StoreAway, _ => true, now);
                break;
            case LedgerEvent.StoreBack:
                _storeIsAway = false;
                _nextSend = now.Elapsed;
                _dirty.UnionWith(_meters.All);
                break;
            case LedgerEvent.AskedBack asked:
                GiveBack(asked.StoreKeys, now);
                break;
            case LedgerEvent.GivenBack given:
                MarkWaiting(given.StoreKeys, now);
                break;
            case LedgerEvent.Tick:
                Tick(now);
                break;
        }

        SendWhatIsDue(now);
        return _effects.Count == 0 ? [] : [.. _effects];
    }

    private void Reserve(LedgerEvent.Reserve reserve, Instant now)
    {
        var claims = new Claim[reserve.Demands.Count];
        for (var i = 0; i < claims.Length; i++)
        {
            var demand = reserve.Demands[i];
            var meter = _meters.Of(demand, now, out var ruleChanged);
            if (ruleChanged)
            {
                _dirty.Add(meter);
            }

            claims[i] = new Claim(meter, demand.Amount);
            if (demand.Amount > meter.Rule.Limit)
            {
                Refuse(reserve.Id, RefusalReason.TooLarge, meter, demand.Amount, now);
                return;
            }
        }

        var request = new Reservation(reserve.Id, claims);
        if (_storeIsAway && !reserve.ServesWithoutStore)
        {
            Refuse(reserve.Id, RefusalReason.StoreAway, null, 0, now);
        }
        else if (!TryAdmit(request, now))
        {
            Queue(request, now);
        }
    }

    private void Queue(Reservation request, Instant now)
    {
        var shortOf = request.FirstShort(now.Elapsed)!.Value;
        if (_storeIsAway || _waiting.Count >= settings.MaxWaiting)
        {
            Refuse(request.Id, RefusalReason.StoreAway, shortOf.Meter, shortOf.Amount, now);
            return;
        }

        foreach (var claim in request.Claims)
        {
            if (claim.IsShort(now.Elapsed) && now.Elapsed < claim.Meter.RefusedUntil && claim.Amount >= claim.Meter.RefusedNeed)
            {
                Refuse(request.Id, RefusalReason.Limit, claim.Meter, claim.Amount, now);
                return;
            }
        }

        _waiting.Add(request);
        MarkShort(request, now);
    }

    private bool TryAdmit(Reservation request, Instant now)
    {
        if (request.FirstShort(now.Elapsed) is not null)
        {
            return false;
        }

        foreach (var claim in request.Claims)
        {
            claim.Meter.Reserve(claim.Amount, now.Elapsed);
        }

        _reservations.Add(request.Id, request);
        _effects.Add(new LedgerEffect.Admit(request.Id, request.Claims));
        return true;
    }

    private void Settle(LedgerEvent.Settle settle, Instant now)
    {
        if (!_reservations.Remove(settle.Id, out var request))
        {
            return;
        }

        foreach (var (meter, amount) in request.Claims)
        {
            meter.Settle(amount, meter.Id.Unit == MeterUnit.Money ? settle.Money : settle.Tokens, now.Elapsed);
            if (meter.IsTight)
            {
                meter.GivesBack = true;
                _dirty.Add(meter);
            }
        }

        AdmitWaiting(now);
    }

    private void Take(LedgerEvent.StoreAnswered answer, Instant now)
    {
        var sent = _inFlight!;
        _inFlight = null;
        List<string>? givenBack = null;
        for (var i = 0; i < answer.Grants.Count; i++)
        {
            var (line, grant) = (sent.Lines[i], answer.Grants[i]);
            if (_meters.Find(line.StoreKey) is not { } meter)
            {
                continue;
            }

            meter.Recall(grant.Used);
            meter.Granted = Math.Max(meter.Granted, grant.Granted);
            (meter.Elsewhere, meter.SpentElsewhere) = (grant.Elsewhere, grant.SpentElsewhere);
            (meter.ReportedUsed, meter.ReportedOccupied, meter.LastReported) = (grant.Used, line.Occupied, now.Elapsed);
            if (line.Share > 0)
            {
                meter.Share = Math.Max(0, grant.Granted - Math.Max(line.Keep, grant.Used) - line.Need);
                meter.IsTight = meter.Share == 0;
            }
            else
            {
                (givenBack ??= []).Add(line.StoreKey);
            }
        }

        if (givenBack is not null)
        {
            _effects.Add(new LedgerEffect.TellGivenBack(givenBack));
        }

        AdmitWaiting(now);
        AskOthersOrRefuse(sent, now);
    }

    private void Fail(Instant now)
    {
        foreach (var line in _inFlight!.Lines)
        {
            if (_meters.Find(line.StoreKey) is { } meter)
            {
                _dirty.Add(meter);
            }
        }

        _inFlight = null;
        _nextSend = now.Elapsed + settings.RetryStoreAfter;
        RefuseWaiting(RefusalReason.StoreAway, _ => true, now);
    }

    private void AdmitWaiting(Instant now) => _waiting.RemoveAll(waiting => TryAdmit(waiting, now));

    // Whoever the store was asked for and is still short waits for the others to give back, or hears no.
    private void AskOthersOrRefuse(StoreMessage sent, Instant now)
    {
        if (_waiting.Count == 0)
        {
            return;
        }

        var asked = sent.Lines.Where(line => line.Share > 0).Select(line => line.StoreKey).ToHashSet();
        HashSet<string>? askBack = null;
        RefuseWaiting(RefusalReason.Limit, waiting =>
        {
            if (waiting.AskedIn != sent.Version || !waiting.Claims.Where(claim => claim.IsShort(now.Elapsed)).All(claim => asked.Contains(claim.Meter.StoreKey)))
            {
                // It came, or what it is short of changed, while the message was away.
                MarkShort(waiting, now);
                return false;
            }

            var hopeless = waiting.Claims.Any(claim => claim.IsShort(now.Elapsed) && claim.Meter.Elsewhere == claim.Meter.SpentElsewhere);
            if (!hopeless && waiting.Deadline is null)
            {
                (askBack ??= []).UnionWith(waiting.Claims.Where(claim => claim.IsShort(now.Elapsed)).Select(claim => claim.Meter.StoreKey));
                waiting.Deadline = now.Elapsed + settings.WaitForOthers;
            }

            return hopeless;
        }, now);
        if (askBack is not null)
        {
            _effects.Add(new LedgerEffect.AskBack([.. askBack]));
        }
    }

    private void RefuseWaiting(RefusalReason reason, Predicate<Reservation> which, Instant now) =>
        _waiting.RemoveAll(waiting =>
        {
            if (!which(waiting))
            {
                return false;
            }

            var claim = waiting.FirstShort(now.Elapsed) ?? waiting.Claims[0];
            Refuse(waiting.Id, reason, claim.Meter, claim.Amount, now);
            return true;
        });

    private void Refuse(long id, RefusalReason reason, Meter? meter, long amount, Instant now)
    {
        if (reason == RefusalReason.Limit && now.Elapsed >= meter!.RefusedUntil)
        {
            meter.RefusedUntil = now.Elapsed + settings.RefusalStands;
            meter.RefusedNeed = amount;
        }

        var retryAfter = reason switch
        {
            RefusalReason.Limit => meter!.RetryAfter(amount, now),
            RefusalReason.StoreAway => TimeSpan.FromSeconds(1),
            _ => TimeSpan.Zero,
        };
        _effects.Add(new LedgerEffect.Refuse(id, new Refusal(reason, meter?.Id, meter?.Rule, retryAfter, meter?.Unspent(now.Elapsed) ?? 0)));
    }

    private void GiveBack(IReadOnlyList<string> storeKeys, Instant now)
    {
        foreach (var key in storeKeys)
        {
            if (_meters.Find(key) is { } meter)
            {
                meter.IsTight = true;
                if (meter.Free(now.Elapsed) > 0)
                {
                    meter.GivesBack = true;
                    _dirty.Add(meter);
                }
            }
        }
    }

    private void MarkWaiting(IReadOnlyList<string> storeKeys, Instant now)
    {
        foreach (var meter in storeKeys.Select(_meters.Find).OfType<Meter>())
        {
            meter.RefusedUntil = now.Elapsed;
        }

        _dirty.UnionWith(_waiting.SelectMany(waiting => waiting.Claims).Select(claim => claim.Meter).Where(meter => storeKeys.Contains(meter.StoreKey)));
    }

    private void MarkShort(Reservation request, Instant now)
    {
        foreach (var claim in request.Claims)
        {
            if (claim.IsShort(now.Elapsed))
            {
                _dirty.Add(claim.Meter);
            }
        }
    }

    private void Tick(Instant now)
    {
        RefuseWaiting(RefusalReason.Limit, waiting => waiting.Deadline <= now.Elapsed, now);
        AdmitWaiting(now);
        foreach (var waiting in _waiting)
        {
            MarkShort(waiting, now);
        }

        foreach (var meter in _meters.All)
        {
            Review(meter, now);
        }
    }

    private void Review(Meter meter, Instant now)
    {
        var occupied = meter.Occupied(now.Elapsed);
        var isOver = _meters.IsOver(meter, now);
        var isIdle = now.Elapsed - meter.LastTouched > settings.IdleAfter;
        if (meter.Open == 0 && (isOver || isIdle) && meter.Granted == occupied && meter.ReportedUsed == meter.Used
            && occupied == meter.Used && _inFlight is null && _waiting.Count == 0 && !_dirty.Contains(meter))
        {
            _meters.Forget(meter);
        }
        else if (meter.Granted > occupied && (meter.IsTight || isOver || isIdle))
        {
            meter.GivesBack = true;
            _dirty.Add(meter);
        }
        else if ((!meter.IsTight && !isOver && !isIdle && meter.Granted - occupied < meter.Share / 2)
            || (now.Elapsed - meter.LastReported >= settings.ReportEvery && (meter.ReportedOccupied != occupied || meter.ReportedUsed != meter.Used)))
        {
            _dirty.Add(meter);
        }
    }

    private void SendWhatIsDue(Instant now)
    {
        if (_inFlight is not null || _storeIsAway || _dirty.Count == 0 || now.Elapsed < _nextSend)
        {
            return;
        }

        var wanted = new Dictionary<Meter, long>();
        foreach (var claim in _waiting.SelectMany(waiting => waiting.Claims))
        {
            wanted[claim.Meter] = wanted.GetValueOrDefault(claim.Meter) + claim.Amount;
        }

        var lines = new List<StoreLine>(Math.Min(_dirty.Count, settings.MaxLines));
        // Requests wait for theirs; reports can come with the next message.
        foreach (var meter in _dirty.OrderByDescending(wanted.ContainsKey).Take(settings.MaxLines).ToList())
        {
            _dirty.Remove(meter);
            lines.Add(LineOf(meter, Math.Max(0, wanted.GetValueOrDefault(meter) - meter.Free(now.Elapsed)), now));
        }

        _inFlight = new StoreMessage(++_version, lines);
        _waiting.ForEach(waiting => waiting.AskedIn = _version);
        _effects.Add(new LedgerEffect.Send(_inFlight));
    }

    private StoreLine LineOf(Meter meter, long need, Instant now)
    {
        var occupied = meter.Occupied(now.Elapsed);
        var givesBack = meter.GivesBack && need == 0;
        meter.GivesBack = false;
        if (givesBack || meter.Granted < occupied || meter.Granted > meter.Rule.Limit)
        {
            // Not lent any more from here on: the store may give it away as soon as it reads this.
            meter.Granted = occupied;
        }

        return new StoreLine(
            meter.StoreKey, meter.Rule, meter.Id.Period.End, meter.IsKnown ? meter.Used : -1, occupied, meter.Granted, need,
            givesBack ? 0 : Math.Max(1, meter.Rule.Limit / settings.ShareDivisor));
    }
}
