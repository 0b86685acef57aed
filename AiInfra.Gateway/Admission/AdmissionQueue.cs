namespace AiInfra.Gateway.Admission;

/// <summary>
/// Who goes next: the highest priority first, within it the tenants in turn by deficit round robin, counted in tokens of work, so that a
/// tenant with many or long requests gets no more than its share while others wait. No I/O, no clock: events and times come in.
/// </summary>
internal sealed class AdmissionQueue(int maxQueued)
{
    private readonly SortedDictionary<int, Level> _levels = new(Comparer<int>.Create((a, b) => b.CompareTo(a)));
    private double _queuedWork;
    private double _workPerSecond;
    private double _meanWork = 1;
    private TimeSpan _lastLeave;

    /// <summary>Requests let in and not left yet.</summary>
    public int Running { get; private set; }

    /// <summary>Requests that wait.</summary>
    public int Queued { get; private set; }

    /// <summary>How long an arrival would wait by what has been seen; zero while nothing is known.</summary>
    public TimeSpan ExpectedWait => _workPerSecond <= 0 ? TimeSpan.Zero : TimeSpan.FromSeconds(Math.Min(3600, _queuedWork / _workPerSecond));

    /// <param name="ticket">The arrival.</param>
    /// <param name="limit">How many may run at the moment.</param>
    /// <param name="now">Time since any fixed moment.</param>
    public AdmissionVerdict Arrive(AdmissionTicket ticket, int limit, TimeSpan now)
    {
        _meanWork += 0.05 * (ticket.Work - _meanWork);
        if (Queued == 0 && Running < limit)
        {
            Running++;
            return AdmissionVerdict.Admitted;
        }

        if (Queued >= maxQueued || now + ExpectedWait > ticket.Deadline)
        {
            return AdmissionVerdict.Refused;
        }

        if (!_levels.TryGetValue(ticket.Priority, out var level))
        {
            _levels[ticket.Priority] = level = new Level();
        }

        level.Add(ticket);
        Queued++;
        _queuedWork += ticket.Work;
        return AdmissionVerdict.Queued;
    }

    /// <summary>A request that was let in is done.</summary>
    public void Leave(AdmissionTicket ticket, TimeSpan now)
    {
        Running--;
        var span = Math.Max(0.0001, (now - _lastLeave).TotalSeconds);
        // Decayed over seconds, not over requests: a pause is no slow request.
        var weight = 1 - Math.Exp(-span / 10);
        _workPerSecond += weight * (ticket.Work / span - _workPerSecond);
        _lastLeave = now;
    }

    /// <summary>A waiting request gives up.</summary>
    /// <returns>False when it does not wait any more.</returns>
    public bool Withdraw(AdmissionTicket ticket)
    {
        if (ticket.Place is null)
        {
            return false;
        }

        _levels[ticket.Priority].Remove(ticket);
        Forget(ticket);
        return true;
    }

    /// <summary>Takes the next waiting request while there is room.</summary>
    /// <returns>Null when nobody waits or nobody may go.</returns>
    public AdmissionTicket? Next(int limit)
    {
        if (Running >= limit || Queued == 0)
        {
            return null;
        }

        foreach (var level in _levels.Values)
        {
            if (level.Take(_meanWork) is { } ticket)
            {
                Forget(ticket);
                Running++;
                return ticket;
            }
        }

        return null;
    }

    private void Forget(AdmissionTicket ticket)
    {
        ticket.Place = null;
        Queued--;
        _queuedWork = Queued == 0 ? 0 : _queuedWork - ticket.Work;
        if (_levels[ticket.Priority].IsEmpty)
        {
            _levels.Remove(ticket.Priority);
        }
    }

    /// <summary>The tenants of one priority, in turn.</summary>
    private sealed class Level
    {
        private readonly Dictionary<string, TenantQueue> _tenants = new(StringComparer.Ordinal);
        private readonly LinkedList<TenantQueue> _turns = [];

        public bool IsEmpty => _turns.Count == 0;

        public void Add(AdmissionTicket ticket)
        {
            if (!_tenants.TryGetValue(ticket.Tenant, out var queue))
            {
                _tenants[ticket.Tenant] = queue = new TenantQueue(ticket.Tenant);
                _turns.AddLast(queue);
            }

            ticket.Place = queue.Waiting.AddLast(ticket);
        }

        public void Remove(AdmissionTicket ticket)
        {
            var queue = _tenants[ticket.Tenant];
            queue.Waiting.Remove(ticket.Place!);
            if (queue.Waiting.Count == 0)
            {
                _tenants.Remove(queue.Tenant);
                _turns.Remove(queue);
            }
        }

        public AdmissionTicket? Take(double quantum)
        {
            while (_turns.First is { } turn)
            {
                var queue = turn.Value;
                var ticket = queue.Waiting.First!.Value;
                if (queue.Deficit >= ticket.Work)
                {
                    queue.Deficit -= ticket.Work;
                    Remove(ticket);
                    return ticket;
                }

                // Not enough saved for its next request: it saves a quantum more and the turn goes on.
                queue.Deficit += quantum;
                _turns.RemoveFirst();
                _turns.AddLast(turn);
            }

            return null;
        }
    }

    private sealed class TenantQueue(string tenant)
    {
        public string Tenant { get; } = tenant;

        public LinkedList<AdmissionTicket> Waiting { get; } = [];

        public double Deficit { get; set; }
    }
}
