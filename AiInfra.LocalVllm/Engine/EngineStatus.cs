namespace AiInfra.LocalVllm.Engine;

/// <summary>An engine's load and its running totals since the start.</summary>
internal readonly record struct EngineStatus
{
    /// <summary>False once the engine cannot answer any more; <c>/health</c> then says 503.</summary>
    public required bool Alive { get; init; }

    /// <summary>Sequences being computed.</summary>
    public required int Running { get; init; }

    /// <summary>Sequences queued.</summary>
    public required int Waiting { get; init; }

    /// <summary>Those of <see cref="Waiting"/> that wait for something else than capacity, such as a LoRA slot.</summary>
    public int Deferred { get; init; }

    /// <summary>Blocks held by running sequences, as a share (0 to 1) of all but the reserved one. Idle cached blocks do not count.</summary>
    public required double KvCacheUsage { get; init; }

    /// <summary>LoRA adapters of the sequences being computed, comma separated; null or empty for none.</summary>
    public string? RunningAdapters { get; init; }

    /// <summary>LoRA adapters of the sequences queued, comma separated; null or empty for none.</summary>
    public string? WaitingAdapters { get; init; }

    /// <summary>Prompt tokens looked up in the prefix cache.</summary>
    public required long PrefixCacheQueries { get; init; }

    /// <summary>Prompt tokens found there.</summary>
    public required long PrefixCacheHits { get; init; }

    /// <summary>Running sequences sent back to the queue for want of blocks.</summary>
    public required long Preemptions { get; init; }
}
