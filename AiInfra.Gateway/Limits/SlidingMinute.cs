namespace AiInfra.Gateway.Limits;

/// <summary>
/// What happened in the last 60 seconds. Amounts are kept in slots of a quarter second and leave when the whole slot is a minute old:
/// never early, at most a quarter second late, and never more than 242 slots.
/// </summary>
internal sealed class SlidingMinute
{
    private const long SlotTicks = TimeSpan.TicksPerMillisecond * 250;
    private const long SlotsPerMinute = TimeSpan.TicksPerMinute / SlotTicks;

    private readonly Queue<(long Slot, long Amount)> _closed = new();
    private (long Slot, long Amount) _open;
    private long _total;

    public void Add(TimeSpan now, long amount)
    {
        var slot = now.Ticks / SlotTicks;
        if (slot != _open.Slot)
        {
            if (_open.Amount > 0)
            {
                _closed.Enqueue(_open);
            }

            _open = (slot, 0);
        }

        _open.Amount += amount;
        _total += amount;
    }

    public long Total(TimeSpan now)
    {
        var oldest = (now.Ticks / SlotTicks) - SlotsPerMinute;
        while (_closed.TryPeek(out var first) && first.Slot < oldest)
        {
            _total -= _closed.Dequeue().Amount;
        }

        if (_open.Slot < oldest)
        {
            _total -= _open.Amount;
            _open.Amount = 0;
        }

        return _total;
    }

    /// <summary>How long until <paramref name="amount"/> of the present total has left.</summary>
    public TimeSpan UntilFree(TimeSpan now, long amount)
    {
        foreach (var (slot, left) in _closed.Append(_open))
        {
            amount -= left;
            if (amount <= 0)
            {
                return TimeSpan.FromTicks((slot + SlotsPerMinute + 1) * SlotTicks) - now;
            }
        }

        return TimeSpan.FromMinutes(1);
    }
}
