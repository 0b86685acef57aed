namespace AiInfra.AppHost.Planning;

/// <summary>The answer: what fits, how fast, how many, and with which arguments.</summary>
/// <param name="Request">What was asked.</param>
/// <param name="Parallel">The split of one replica.</param>
/// <param name="Memory">Memory of one replica.</param>
/// <param name="Speed">The speed model; null when bandwidth or operations of the GPU are not known.</param>
/// <param name="Load">Replicas for the load; null when nothing starts or no speed is known.</param>
/// <param name="Host">CPU, memory, disk and network beside the GPUs.</param>
internal sealed record Plan(PlanRequest Request, Parallelism Parallel, MemoryPlan Memory, Roofline? Speed, LoadPlan? Load, HostResources Host)
{
    /// <summary>Changes that would make it start, nearest first; empty when it starts.</summary>
    public IReadOnlyList<string> Alternatives { get; init; } = [];

    /// <summary>"starts", "may start" (unified memory moves between starts) or "does not fit".</summary>
    public string Verdict => Memory.StartsSurely ? "starts" : Memory.Starts ? "may start" : "does not fit";

    /// <summary>Replicas that the given GPUs hold.</summary>
    public int ReplicasAvailable => Request.Gpus / Parallel.Gpus;

    public IReadOnlyList<string> Arguments => ServeArguments.For(this);
}
