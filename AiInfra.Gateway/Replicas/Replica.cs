using System.Collections.Concurrent;
using System.Text.Json;

namespace AiInfra.Gateway.Replicas;

/// <summary>One model server: where it is, and what is known of it at the moment.</summary>
#pragma warning disable CA1001 // A source without a timer holds nothing to dispose, and requests hold its token.
internal sealed class Replica(Uri address, TimeProvider time)
{
    private readonly ConcurrentDictionary<string, Uri> _urls = new(StringComparer.Ordinal);
    private readonly ReplicaHealth _health = new();
    private readonly Lock _lock = new();
    private readonly long _started = time.GetTimestamp();
    private CancellationTokenSource _stall = new();
    private bool _isGone;
    private int _inFlight;
    private int _awaiting;
    private long _lastProgress = time.GetTimestamp();
    private volatile IReadOnlyDictionary<string, JsonElement> _cards = new Dictionary<string, JsonElement>();

    public Uri Address { get; } = address;

    /// <summary>Host and port: how operators and logs name it.</summary>
    public string Id { get; } = address.Authority;

    /// <summary>Scheme, host and port without a trailing slash.</summary>
    public string Prefix { get; } = address.GetLeftPart(UriPartial.Authority);

    /// <summary>Requests that this gateway has open on the replica.</summary>
    public int InFlight => Volatile.Read(ref _inFlight);

    /// <summary>Requests that others have in the engine's queue: what it said last, without our own at that moment. Null is unknown.</summary>
    public double? ForeignWaiting { get; private set; }

    public ReplicaState State { get; private set; }

    public bool NeedsProof { get; private set; }

    /// <summary>True while an operator keeps new requests away.</summary>
    public bool IsDraining { get; set; }

    /// <summary>One request at a time whose company an engine has died in.</summary>
    public SemaphoreSlim SuspectSlot { get; } = new(1, 1);

    /// <summary>What its <c>/v1/models</c> says of each model it serves, by served name. Empty while it has not answered.</summary>
    public IReadOnlyDictionary<string, JsonElement> Cards => _cards;

    /// <summary>What its <c>/metrics</c> said last; null while it has not answered.</summary>
    public EngineLoad? Load { get; private set; }

    /// <summary>How often its counters went back to zero: a new number is a new engine with an empty cache.</summary>
    public int Restarts { get; private set; }

    /// <summary>A new number whenever its engine went away: nobody listened any more, or its counters began anew. One that is only avoided has not.</summary>
    public int Life { get; private set; }

    /// <summary>Cancelled when the engine is found hung: what still waits for a first byte can be asked elsewhere.</summary>
    public CancellationToken Stalled
    {
        get
        {
            lock (_lock)
            {
                return _stall.Token;
            }
        }
    }

    /// <summary>How long nothing has come from it, no matter whether anything was asked.</summary>
    public TimeSpan SinceProgress => time.GetElapsedTime(Interlocked.Read(ref _lastProgress));

    public Uri UrlOf(string path) => _urls.GetOrAdd(path, static (path, prefix) => new Uri(prefix + path), Prefix);

    /// <summary>True when it may get one more request.</summary>
    public bool MayTake() =>
        !IsDraining && (State == ReplicaState.Serving || (State == ReplicaState.Trial && InFlight == 0));

    public void Begin()
    {
        // Silence counts from the first request on: an idle engine is not a hung one.
        if (Interlocked.Increment(ref _inFlight) == 1)
        {
            NoteProgress();
        }
    }

    public void End() => Interlocked.Decrement(ref _inFlight);

    /// <summary>A request was sent whose first token is awaited (+1), or it has come or failed (-1).</summary>
    public void NoteAwaiting(int change) => Interlocked.Add(ref _awaiting, change);

    public void NoteProgress() => Interlocked.Exchange(ref _lastProgress, time.GetTimestamp());

    /// <returns>True when the state changed.</returns>
    public bool Report(ReplicaEvent happened)
    {
        if (happened == ReplicaEvent.Answered)
        {
            NoteProgress();
        }

        CancellationTokenSource? stalled = null;
        bool changed;
        lock (_lock)
        {
            changed = _health.Handle(happened, time.GetElapsedTime(_started));
            (State, NeedsProof) = (_health.State, _health.NeedsProof);
            if (happened == ReplicaEvent.Unreachable && !_isGone)
            {
                (_isGone, Life) = (true, Life + 1);
            }
            else if (happened is ReplicaEvent.Answered or ReplicaEvent.ProbeAnswered or ReplicaEvent.ProbeCompleted)
            {
                _isGone = false;
            }

            if (happened == ReplicaEvent.Stalled)
            {
                (stalled, _stall) = (_stall, new CancellationTokenSource());
            }
        }

        stalled?.Cancel();
        return changed;
    }

    public void SetCards(IReadOnlyDictionary<string, JsonElement> cards) => _cards = cards;

    public void SetLoad(EngineLoad load)
    {
        var before = Load;
        if (load.Progress < before?.Progress)
        {
            Restarts++;
            lock (_lock)
            {
                Life++;
            }
        }

        if (load.Progress != before?.Progress)
        {
            NoteProgress();
        }

        Load = load;
        NoteWaiting(load.Waiting);
    }

    /// <summary>Takes over the load that came with an answer: fresher than the last probe, and without a count of those that run.</summary>
    public void NoteLoad(double? waiting, double? cacheUsage)
    {
        if (waiting is not null && Load is { } load)
        {
            Load = load with { Waiting = waiting, CacheUsage = cacheUsage ?? load.CacheUsage };
            NoteWaiting(waiting);
        }
    }

    private void NoteWaiting(double? waiting) => ForeignWaiting = waiting is { } known ? Math.Max(0, known - Volatile.Read(ref _awaiting)) : null;
}
