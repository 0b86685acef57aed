namespace AiInfra.Gateway.Limits;

/// <summary>Names a meter within a tenant.</summary>
/// <param name="Subject">Whom it counts: <c>tenant</c>, <c>key:ID</c> or <c>user:NAME</c>.</param>
/// <param name="Unit">What it counts.</param>
/// <param name="Period">The span and which one of it.</param>
internal readonly record struct MeterId(string Subject, MeterUnit Unit, Period Period);

/// <summary>
/// This gateway's part of one meter. The store grants capacity, requests occupy it; the sum of all gateways' grants never exceeds the
/// limit, so whoever finds room in the own grant needs to ask nobody.
/// </summary>
internal sealed class Meter(MeterId id, string storeKey, MeterRule rule)
{
    private readonly SlidingMinute? _minute = rule.Span == MeterSpan.Minute ? new SlidingMinute() : null;

    public MeterId Id => id;

    /// <summary>The name of the meter's hash in the store.</summary>
    public string StoreKey => storeKey;

    /// <summary>Replaced when a policy changes.</summary>
    public MeterRule Rule { get; set; } = rule;

    /// <summary>Capacity that is this gateway's alone.</summary>
    public long Granted { get; set; }

    /// <summary>Upper bounds of the requests that run.</summary>
    public long Open { get; private set; }

    /// <summary>Spent of a budget in this period by this gateway, settled.</summary>
    public long Used { get; private set; }

    /// <summary>False until the store said what this gateway has spent of the budget before; till then nothing is granted.</summary>
    public bool IsKnown { get; private set; } = !rule.IsBudget;

    /// <summary>Granted to the other gateways when the store last answered.</summary>
    public long Elsewhere { get; set; }

    /// <summary>The part of <see cref="Elsewhere"/> that is spent of a budget and never comes back.</summary>
    public long SpentElsewhere { get; set; }

    /// <summary>The store had nothing to spare: what is free is given back at once, reservation by reservation.</summary>
    public bool IsTight { get; set; }

    /// <summary>The extra that the store last granted beyond the need; a top-up comes when half of it is gone.</summary>
    public long Share { get; set; }

    public bool GivesBack { get; set; }

    public TimeSpan LastTouched { get; set; }

    public TimeSpan LastReported { get; set; }

    public long ReportedOccupied { get; set; }

    public long ReportedUsed { get; set; }

    /// <summary>Until then the store's last "no" answers for it, to requests of at least <see cref="RefusedNeed"/>.</summary>
    public TimeSpan RefusedUntil { get; set; }

    public long RefusedNeed { get; set; }

    public long Occupied(TimeSpan now) => Open + (_minute?.Total(now) ?? Used);

    public long Free(TimeSpan now) => Granted - Occupied(now);

    /// <summary>What nothing has spent yet, as far as is known here; reservations may come back.</summary>
    public long Unspent(TimeSpan now) => Rule.Limit - SpentElsewhere - (Occupied(now) - Open);

    /// <summary>Goes on from what the store has written down for this gateway.</summary>
    public void Recall(long used)
    {
        Used = IsKnown ? Used : used;
        IsKnown = true;
    }

    public void Reserve(long amount, TimeSpan now)
    {
        LastTouched = now;
        if (Id.Unit == MeterUnit.Requests)
        {
            // A request is a request whatever becomes of it.
            Spend(amount, now);
        }
        else
        {
            Open += amount;
        }
    }

    /// <summary>Ends a reservation: what was really used stays, the rest is free again.</summary>
    public void Settle(long reserved, long actual, TimeSpan now)
    {
        LastTouched = now;
        if (Id.Unit == MeterUnit.Requests)
        {
            return;
        }

        Open -= reserved;
        // What was held may be what the next one needs: it is asked for again.
        RefusedUntil = now;
        if (Id.Unit != MeterUnit.Running)
        {
            Spend(actual, now);
        }
    }

    /// <summary>How long until <paramref name="amount"/> may fit, as far as this gateway can tell.</summary>
    public TimeSpan RetryAfter(long amount, Instant now)
    {
        if (Rule.IsBudget)
        {
            // Running requests may settle for less than they reserved; what is spent comes back with the next period only.
            return Used + SpentElsewhere + amount > Rule.Limit ? Id.Period.End - now.Utc : TimeSpan.FromSeconds(1);
        }

        return _minute?.UntilFree(now.Elapsed, amount - Free(now.Elapsed)) ?? TimeSpan.FromSeconds(1);
    }

    /// <summary>How long until the window is empty, if nothing more comes.</summary>
    public TimeSpan UntilEmpty(TimeSpan now) => _minute is not null && _minute.Total(now) is > 0 and var total ? _minute.UntilFree(now, total) : TimeSpan.Zero;

    private void Spend(long amount, TimeSpan now)
    {
        if (_minute is not null)
        {
            _minute.Add(now, amount);
        }
        else
        {
            Used += amount;
        }
    }
}
