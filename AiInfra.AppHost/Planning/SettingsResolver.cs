namespace AiInfra.AppHost.Planning;

/// <summary>What the user may leave open about the serving process. Null means: as vLLM decides by itself.</summary>
internal sealed record ServingChoices(VllmVersion Version)
{
    public CacheType Cache { get; init; } = CacheType.Auto;

    public int? ContextTokens { get; init; }

    public int? BatchedTokens { get; init; }

    public int? Sequences { get; init; }

    public double? Utilization { get; init; }

    public bool? PrefixCaching { get; init; }

    public bool Eager { get; init; }

    public int DraftTokens { get; init; }

    /// <summary>Attention layers of the drafter; null: the model's own predictor when <see cref="DraftTokens"/> is set.</summary>
    public int? DraftLayers { get; init; }

    public int? BlockTokens { get; init; }

    public Bytes HostOffload { get; init; }

    /// <summary>Bytes of the pool, fixed by the user.</summary>
    public Bytes? FixedPool { get; init; }
}

/// <summary>Fills in what vLLM would decide, by release, GPU and model.</summary>
internal static class SettingsResolver
{
    public static ServingSettings Resolve(ModelShape model, GpuKind gpu, ServingChoices choices)
    {
        var rules = new VllmRules(choices.Version);
        var context = choices.ContextTokens ?? model.ContextTokens;
        var (batched, sequences) = rules.BatchDefaults(gpu, context);
        batched = choices.BatchedTokens ?? batched;
        sequences = choices.Sequences ?? Math.Min(sequences, batched);
        return new ServingSettings(rules, choices.Cache, context, batched, sequences, choices.Utilization ?? rules.DefaultUtilization)
        {
            // States of recurrent layers are cached for a prefix only on request.
            PrefixCaching = choices.PrefixCaching ?? (!rules.Version.IsV0 && !model.IsHybrid),
            Eager = choices.Eager,
            DraftTokens = choices.DraftTokens,
            DraftLayers = choices.DraftTokens == 0 ? 0 : choices.DraftLayers ?? Math.Min(1, model.DraftLayers.Count),
            BlockTokens = choices.BlockTokens ?? KernelBlock(model, gpu, rules),
            FixedPool = choices.FixedPool,
            IsHopper = gpu.Capability.StartsWith("9.", StringComparison.Ordinal),
            HostOffload = choices.HostOffload,
        };
    }

    /// <summary>The smallest block that the attention kernels of this GPU take.</summary>
    private static int KernelBlock(ModelShape model, GpuKind gpu, VllmRules rules)
    {
        if (model.IsCompressedSparse)
        {
            return 256;
        }

        if (!model.UsesLatentAttention || rules.Version.IsV0)
        {
            return 16;
        }

        if (model.Layers.Any(layer => layer.Attention is { IndexerHeadSize: > 0 }))
        {
            return 64;
        }

        var hopper = gpu.Capability.StartsWith("9.", StringComparison.Ordinal);
        var blackwell = gpu.Capability.StartsWith("10.", StringComparison.Ordinal);
        return rules.Version.IsAtLeast(12, 0) ? (blackwell ? 32 : 16) : hopper ? 64 : blackwell ? 128 : 16;
    }
}
