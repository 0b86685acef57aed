namespace AiInfra.Gateway.Routing;

/// <summary>What the cost model keeps about one replica: the work it was given and what it has shown so far.</summary>
internal sealed class ReplicaLedger
{
    // Half of a sample's weight is gone after about 35 more.
    private const double Decay = 0.98;

    private readonly LinkedList<RouteRequest> _pending = [];
    private TimeSpan _servingSince;
    private double _pendingSeconds;

    public PrefixIndex Index { get; } = new();

    public DecayedLine Prefill { get; } = new(Decay);

    /// <summary>Tokens that were reported as cached, and those that were expected: q is their ratio.</summary>
    public double Reported { get; private set; } = 1;

    public double Expected { get; private set; } = 1;

    public int Restarts { get; set; } = -1;

    /// <summary>True until a first token has come: nothing is known about its speed, or whether it works at all.</summary>
    public bool IsCold => Prefill.Weight == 0;

    /// <summary>Requests placed here whose first token has not come.</summary>
    public int Pending => _pending.Count;

    /// <summary>The part of the index that proved to be true, 0 to 1.</summary>
    public double Trust => Math.Clamp(Reported / Expected, 0, 1);

    /// <summary>Seconds of prefill that were placed here and are not done yet.</summary>
    public double Backlog(TimeSpan now)
    {
        if (_pending.First is not { } first)
        {
            return 0;
        }

        // The engine works through them in order; of the first one a part is done already.
        return Math.Max(0, _pendingSeconds - Math.Min((now - _servingSince).TotalSeconds, first.Value.ExpectedPrefill));
    }

    public void Begin(RouteRequest request, TimeSpan now)
    {
        if (_pending.Count == 0)
        {
            _servingSince = now;
        }

        _pending.AddLast(request);
        _pendingSeconds += request.ExpectedPrefill;
    }

    /// <returns>True when the request was still waiting for its first token.</returns>
    public bool End(RouteRequest request, TimeSpan now)
    {
        var wasFirst = _pending.First?.Value == request;
        if (!_pending.Remove(request))
        {
            return false;
        }

        // An empty queue weighs nothing, whatever rounding has left.
        _pendingSeconds = _pending.Count == 0 ? 0 : _pendingSeconds - request.ExpectedPrefill;
        if (wasFirst)
        {
            _servingSince = now;
        }

        return true;
    }

    public void CompareCached(double expected, double reported)
    {
        Expected = Expected * Decay + expected;
        Reported = Reported * Decay + Math.Min(expected, reported);
    }

    public void Forget()
    {
        Index.Clear();
        (Reported, Expected) = (1, 1);
    }
}
