namespace AiInfra.Gateway.Limits;

/// <summary>The meters of one tenant that this gateway has to do with, each in its present period.</summary>
internal sealed class MeterTable(string tenant)
{
    private readonly Dictionary<MeterId, Meter> _byId = [];
    private readonly Dictionary<string, Meter> _byKey = [];
    private readonly Dictionary<MeterSpan, Period> _periods = [];

    public IReadOnlyCollection<Meter> All => _byId.Values;

    public Meter? Find(string storeKey) => _byKey.GetValueOrDefault(storeKey);

    /// <summary>The meter of a demand; a changed rule takes effect here.</summary>
    public Meter Of(Demand demand, Instant now, out bool ruleChanged)
    {
        ruleChanged = false;
        var id = new MeterId(demand.Subject, demand.Rule.Unit, PeriodOf(demand.Rule.Span, now));
        if (!_byId.TryGetValue(id, out var meter))
        {
            meter = new Meter(id, StoreKeys.Meter(tenant, id), demand.Rule) { LastTouched = now.Elapsed, LastReported = now.Elapsed };
            _byId.Add(id, meter);
            _byKey.Add(meter.StoreKey, meter);
        }
        else if (meter.Rule != demand.Rule)
        {
            meter.Rule = demand.Rule;
            ruleChanged = true;
        }

        return meter;
    }

    public bool IsOver(Meter meter, Instant now) => meter.Id.Period != PeriodOf(meter.Rule.Span, now);

    public void Forget(Meter meter)
    {
        _byId.Remove(meter.Id);
        _byKey.Remove(meter.StoreKey);
    }

    private Period PeriodOf(MeterSpan span, Instant now)
    {
        if (!_periods.TryGetValue(span, out var period) || !period.Contains(now.Utc))
        {
            _periods[span] = period = Period.Of(span, now.Utc);
        }

        return period;
    }
}
