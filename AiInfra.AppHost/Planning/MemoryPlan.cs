namespace AiInfra.AppHost.Planning;

/// <summary>Memory of one rank of one pipeline stage, as vLLM accounts for it at start.</summary>
internal sealed record StageMemory(
    int Stage, Bytes Weights, Bytes Activation, Bytes OutsideTorch, Bytes Graphs, Bytes Requested, bool GraphsAreCounted, Bytes? FixedPool)
{
    /// <summary>What is left for the cache, or what the user fixed; negative when weights and reserves alone exceed what was requested.</summary>
    public Bytes Pool => FixedPool ?? Requested - Weights - Activation - OutsideTorch - (GraphsAreCounted ? Graphs : Bytes.Zero);
}

/// <summary>The memory of a whole engine: every stage, the cache's layout, and whether it starts.</summary>
internal sealed class MemoryPlan
{
    private readonly Bytes _margin;

    private MemoryPlan(IReadOnlyList<StageMemory> stages, CacheLayout layout, ModelWeights weights, ServingSettings settings, Bytes margin)
    {
        _margin = margin;
        Stages = stages;
        Layout = layout;
        Weights = weights;
        Settings = settings;
        // The stage with the fewest blocks decides for all.
        Blocks = stages.Min(stage => layout.Blocks(stage.Pool, stage.Stage));
        Tightest = stages.MinBy(stage => layout.Blocks(stage.Pool, stage.Stage))!;
    }

    public IReadOnlyList<StageMemory> Stages { get; }

    public CacheLayout Layout { get; }

    public ModelWeights Weights { get; }

    public ServingSettings Settings { get; }

    public StageMemory Tightest { get; }

    public long Blocks { get; }

    /// <summary>Requests of the full context length that the pool holds at once.</summary>
    public double Concurrency => Layout.Concurrency(Blocks, Settings.ContextTokens);

    /// <summary>Tokens of cache: full-length requests at once, times their length.</summary>
    public long CacheTokens => (long)(Layout.Concurrency(Blocks, Settings.ContextTokens) * Settings.ContextTokens);

    public Bytes Needed => Layout.Needed(Settings.ContextTokens, Tightest.Stage);

    /// <summary>vLLM starts: the pool holds at least one request of the full length.</summary>
    public bool Starts => Stages.All(stage => stage.Pool > Bytes.Zero && Layout.Needed(Settings.ContextTokens, stage.Stage) <= stage.Pool);

    /// <summary>
    /// vLLM starts each time. Two starts on unified memory differ by several GiB (page cache, other processes): there the pool must exceed
    /// the need by a twentieth of the memory.
    /// </summary>
    public bool StartsSurely => Starts && Stages.All(stage => Layout.Needed(Settings.ContextTokens, stage.Stage) + _margin <= stage.Pool);

    public int LongestRequest(int limit) => Stages.Min(stage => stage.Pool > Bytes.Zero ? Layout.LongestRequest(stage.Pool, stage.Stage, limit) : 0);

    public static MemoryPlan Of(ModelShape model, WeightPrecision precision, GpuKind gpu, Parallelism parallel, ServingSettings settings)
    {
        var padding = MixedExpertPadding.For(precision, gpu, settings.Rules.Version);
        var weights = new ModelWeights(model, precision, parallel, padding, settings.DraftLayers);
        var layout = CacheLayout.Of(model, parallel, settings);
        var activation = MemoryReserve.Activation(model, parallel, settings);
        var graphs = MemoryReserve.Graphs(model, gpu, settings);
        var ranges = parallel.Stages(model.Layers.Count);
        var stages = ranges.Select((range, index) =>
        {
            var resident = weights.OnStage(range.First, range.Count, index == 0, index == ranges.Count - 1);
            return new StageMemory(
                index, Bytes.Max(Bytes.Zero, resident - settings.HostOffload), activation, MemoryReserve.OutsideTorch(gpu, parallel, settings.Rules, resident),
                graphs * ((double)range.Count / model.Layers.Count), gpu.UsableMemory * settings.Utilization,
                settings.Rules.CountsCudaGraphs, settings.FixedPool);
        });
        return new MemoryPlan([.. stages], layout, weights, settings, gpu.IsUnified ? gpu.UsableMemory * 0.05 : Bytes.Zero);
    }
}
