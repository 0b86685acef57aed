namespace AiInfra.LocalVllm.SmolLm2;

/// <summary>Load and totals, written by the engine's thread and read by any.</summary>
internal sealed class EngineCounters
{
    private int _running;
    private double _usage;
    private long _lookedUp;
    private long _found;
    private long _preemptions;

    public int Running => Volatile.Read(ref _running);

    /// <summary>Share (0 to 1) of the tokens that running sequences may hold together.</summary>
    public double Usage => Volatile.Read(ref _usage);

    public long LookedUp => Volatile.Read(ref _lookedUp);

    public long Found => Volatile.Read(ref _found);

    public long Preemptions => Volatile.Read(ref _preemptions);

    public void Set(int running, double usage)
    {
        Volatile.Write(ref _running, running);
        Volatile.Write(ref _usage, usage);
    }

    public void AddLookup(int tokens, int found)
    {
        Volatile.Write(ref _lookedUp, _lookedUp + tokens);
        Volatile.Write(ref _found, _found + found);
    }

    public void AddPreemption() => Volatile.Write(ref _preemptions, _preemptions + 1);
}
