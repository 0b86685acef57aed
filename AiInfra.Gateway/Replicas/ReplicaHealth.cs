namespace AiInfra.Gateway.Replicas;

/// <summary>
/// Health as progress: a replica is judged by what its requests do. vLLM's own health pages stay 200 while the engine hangs, drains or
/// is dead. No I/O, no clock: events and times come in.
/// </summary>
internal sealed class ReplicaHealth
{
    private const int FailuresBeforeEjection = 3;
    private static readonly TimeSpan ShortestEjection = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestEjection = TimeSpan.FromSeconds(30);

    private int _failures;
    private int _ejections;
    private TimeSpan _until;

    public ReplicaState State { get; private set; } = ReplicaState.Serving;

    /// <summary>True when only a produced token ends the ejection: the replica hung while its pages answered.</summary>
    public bool NeedsProof { get; private set; }

    /// <param name="happened">What was seen.</param>
    /// <param name="now">Time since any fixed moment.</param>
    /// <returns>True when the state changed.</returns>
    public bool Handle(ReplicaEvent happened, TimeSpan now)
    {
        var before = State;
        switch (happened)
        {
            case ReplicaEvent.Answered:
                _failures = 0;
                if (State == ReplicaState.Trial)
                {
                    (State, _ejections) = (ReplicaState.Serving, 0);
                }

                break;

            case ReplicaEvent.Failed:
                _failures++;
                if (State == ReplicaState.Trial || (State == ReplicaState.Serving && _failures >= FailuresBeforeEjection))
                {
                    Eject(now, needsProof: false);
                }

                break;

            case ReplicaEvent.Unreachable or ReplicaEvent.ShuttingDown:
                if (State != ReplicaState.Ejected)
                {
                    Eject(now, needsProof: false);
                }

                break;

            case ReplicaEvent.Stalled:
                if (State != ReplicaState.Ejected || !NeedsProof)
                {
                    Eject(now, needsProof: true);
                }

                break;

            case ReplicaEvent.ProbeCompleted when State == ReplicaState.Trial:
                (State, _ejections) = (ReplicaState.Serving, 0);
                break;

            case ReplicaEvent.ProbeAnswered when State == ReplicaState.Ejected && !NeedsProof && now >= _until:
            case ReplicaEvent.ProbeCompleted when State == ReplicaState.Ejected:
                (State, NeedsProof) = (ReplicaState.Trial, false);
                break;
        }

        return State != before;
    }

    private void Eject(TimeSpan now, bool needsProof)
    {
        var span = TimeSpan.FromSeconds(Math.Min(LongestEjection.TotalSeconds, ShortestEjection.TotalSeconds * Math.Pow(2, _ejections)));
        (State, NeedsProof, _until, _failures) = (ReplicaState.Ejected, needsProof, now + span, 0);
        _ejections = Math.Min(_ejections + 1, 10);
    }
}
