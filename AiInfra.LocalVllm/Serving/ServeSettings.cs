namespace AiInfra.LocalVllm.Serving;

/// <summary>What the command line <c>serve MODEL …</c> asked for, under vLLM's names. Read before the host is built.</summary>
internal sealed record ServeSettings
{
    /// <summary>The first argument: a name, or a folder with a model.</summary>
    public required string Model { get; init; }

    /// <summary><c>--engine</c>: <c>simulated</c> (default) or <c>smollm2</c>. Ours, not vLLM's.</summary>
    public string Engine { get; init; } = "simulated";

    /// <summary><c>--engine-option KEY=VALUE</c>, repeatable: settings of one engine alone. Ours, not vLLM's.</summary>
    public IReadOnlyDictionary<string, string> EngineOptions { get; init; } = new Dictionary<string, string>();

    /// <summary><c>--host</c>. Default 127.0.0.1 (vLLM listens everywhere).</summary>
    public string Host { get; init; } = "127.0.0.1";

    /// <summary><c>--port</c>. Default 8000.</summary>
    public int Port { get; init; } = 8000;

    /// <summary><c>--served-model-name</c>: the first is the name in replies, the others are aliases. Default: the model argument.</summary>
    public IReadOnlyList<string> ServedModelNames { get; init; } = [];

    /// <summary><c>--max-model-len</c>: prompt and answer together, in tokens. Null takes the engine's own limit.</summary>
    public int? MaxModelLength { get; init; }

    /// <summary><c>--max-num-seqs</c>: sequences computed at once. Null takes the engine's default.</summary>
    public int? MaxSequences { get; init; }

    /// <summary><c>--max-num-batched-tokens</c>: tokens of one step. Null takes the engine's default.</summary>
    public int? MaxBatchedTokens { get; init; }

    /// <summary><c>--block-size</c>: tokens per cache block. Null takes the engine's default.</summary>
    public int? BlockSize { get; init; }

    /// <summary><c>--num-gpu-blocks-override</c>: blocks in the cache. Null takes the engine's default.</summary>
    public int? BlockCount { get; init; }

    /// <summary><c>--enable-prefix-caching</c> / <c>--no-enable-prefix-caching</c>. Default on.</summary>
    public bool PrefixCaching { get; init; } = true;

    /// <summary><c>--seed</c>: makes answers without a seed of their own repeatable. Default 0.</summary>
    public long Seed { get; init; }
}
