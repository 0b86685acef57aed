namespace AiInfra.AppHost.Planning;

/// <summary>The vLLM settings that memory depends on, all decided.</summary>
internal sealed record ServingSettings(VllmRules Rules, CacheType Cache, int ContextTokens, int BatchedTokens, int Sequences, double Utilization)
{
    public bool PrefixCaching { get; init; }

    public bool Eager { get; init; }

    /// <summary>Tokens that a drafter proposes per step, 0 without speculation.</summary>
    public int DraftTokens { get; init; }

    /// <summary>Attention layers that the drafter adds to the cache.</summary>
    public int DraftLayers { get; init; }

    /// <summary>Smallest block of the attention kernel, or what the user set.</summary>
    public int BlockTokens { get; init; } = 16;

    /// <summary>Whether 8-bit latent rows take the packed layout of the sparse kernels (Hopper) rather than one byte an element (Blackwell).</summary>
    public bool UsesPackedLatentRows { get; init; }

    /// <summary>Weights kept in host memory, per GPU.</summary>
    public Bytes HostOffload { get; init; }
}
