namespace AiInfra.Gateway.Routing;

/// <summary>What the cost model keeps about one replica: the work it was given and what it has shown so far.</summary>
internal sealed class ReplicaLedger
{
    // Half of a sample's weight is gone after about 35 more.
    private const double Decay = 0.98;

    private readonly LinkedList<RouteRequest> _pending = [];
    private TimeSpan _servingSince;
    private double _pendingSeconds;
    // Sums since the beginning: differences between two moments tell what went on meanwhile.
    private double _prefillSeconds;
    private double _streamSeconds;
    private TimeSpan _streamsCountedUntil;

    public PrefixIndex Index { get; } = new();

    public DecayedLine Prefill { get; } = new(Decay);

    /// <summary>Tokens that were reported as cached, and those that were expected: q is their ratio.</summary>
    public double Reported { get; private set; } = 1;

    public double Expected { get; private set; } = 1;

    public int Restarts { get; set; } = -1;

    /// <summary>Requests placed here whose answer is coming.</summary>
    public int Decoding { get; private set; }

    /// <summary>How fast its answers run, and what disturbs them.</summary>
    public DecodePace Pace { get; } = new();

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

        request.Pending = _pending.AddLast(request);
        _pendingSeconds += request.ExpectedPrefill;
    }

    /// <returns>True when the request was still waiting for its first token.</returns>
    public bool End(RouteRequest request, TimeSpan now)
    {
        if (request.Pending is not { } place)
        {
            return false;
        }

        var wasFirst = _pending.First == place;
        _pending.Remove(place);
        request.Pending = null;
        // An empty queue weighs nothing, whatever rounding has left.
        _pendingSeconds = _pending.Count == 0 ? 0 : _pendingSeconds - request.ExpectedPrefill;
        if (wasFirst)
        {
            _servingSince = now;
        }

        return true;
    }

    public void BeginDecoding(RouteRequest request, TimeSpan now)
    {
        CountStreams(now);
        Decoding++;
        // Its own prefill disturbs the others from now on, not itself.
        _prefillSeconds += request.ExpectedPrefill;
        request.Decoding = new DecodingSince(now, _streamSeconds, _prefillSeconds);
    }

    /// <returns>What the answer took and what went on beside it; null when it had not begun.</returns>
    public (double Seconds, double Streams, double PrefillSeconds)? EndDecoding(RouteRequest request, TimeSpan now)
    {
        if (request.Decoding is not { } since)
        {
            return null;
        }

        CountStreams(now);
        Decoding--;
        request.Decoding = null;
        var seconds = (now - since.At).TotalSeconds;
        return seconds <= 0 ? null : (seconds, Math.Max(0, ((_streamSeconds - since.StreamSeconds) / seconds) - 1), _prefillSeconds - since.PrefillSeconds);
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

    private void CountStreams(TimeSpan now)
    {
        _streamSeconds += Decoding * Math.Max(0, (now - _streamsCountedUntil).TotalSeconds);
        _streamsCountedUntil = now;
    }
}
