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

    /// <summary>Hopper's kernels for sparse latent attention have a row layout of their own for 8 bits.</summary>
    public bool IsHopper { get; init; }

    /// <summary>The pool in bytes where the user fixed it (<c>--kv-cache-memory-bytes</c>): then nothing is profiled.</summary>
    public Bytes? FixedPool { get; init; }

    /// <summary>Weights kept in host memory, per GPU.</summary>
    public Bytes HostOffload { get; init; }

    /// <summary>
    /// Whether 8-bit rows of sparse latent attention take the packed layout: on Hopper always, on Blackwell until 0.18; 0.11.0 took it by
    /// default.
    /// </summary>
    public bool PacksSparseRows(CacheType type) =>
        (type == CacheType.Fp8 && (IsHopper || !Rules.Version.IsAtLeast(18, 0)))
        || (type == CacheType.Auto && Rules.Version is { Minor: 11, Patch: 0 });
}
