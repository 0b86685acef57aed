using System.Globalization;
using AiInfra.LocalVllm.Engine;
using AiInfra.LocalVllm.Serving;

namespace AiInfra.LocalVllm.SmolLm2;

/// <summary>The command line as this engine understands it. Ours alone are given by <c>--engine-option KEY=VALUE</c>.</summary>
internal sealed record SmolLm2Settings
{
    private const string ThreadsKey = "threads";
    private const string FolderKey = "model-folder";
    private const string PrefixCacheKey = "prefix-cache-mb";

    /// <summary>
    /// <c>model-folder</c>, or the model argument where it is such a folder: model.onnx, vocab.json, merges.txt, tokenizer_facts.json.
    /// Null: the embedded model.
    /// </summary>
    public string? ModelFolder { get; init; }

    /// <summary><c>threads</c>: threads of one step, 1 to 64. Default: half the cores, 4 at most, so that two replicas leave room for the rest.</summary>
    public int Threads { get; init; } = Math.Clamp(Environment.ProcessorCount / 2, 1, 4);

    /// <summary>
    /// <c>prefix-cache-mb</c>: memory for the caches of earlier prompts in MiB, 0 to 65536. Default 192. <c>--num-gpu-blocks-override</c> wins.
    /// </summary>
    public int PrefixCacheMebibytes { get; init; } = 192;

    /// <summary><c>--max-model-len</c>. Null: the model's own.</summary>
    public int? MaxModelLength { get; init; }

    /// <summary><c>--max-num-seqs</c>: sequences decoded together, 1 to 64. Default 8.</summary>
    public int MaxSequences { get; init; } = 8;

    /// <summary>
    /// <c>--max-num-batched-tokens</c>: tokens of one step, so the longest pause that a prompt causes to running streams. 16 to 2048, default 128.
    /// </summary>
    public int MaxBatchedTokens { get; init; } = 128;

    /// <summary><c>--block-size</c>: tokens per block of the prefix cache, 1 to 1024. Default 16.</summary>
    public int BlockSize { get; init; } = 16;

    /// <summary>
    /// <c>--num-gpu-blocks-override</c>: bounds both the running sequences' tokens and the prefix cache, each. Null: 8,192 tokens or one
    /// context, and <see cref="PrefixCacheMebibytes"/>.
    /// </summary>
    public int? BlockCount { get; init; }

    /// <summary><c>--enable-prefix-caching</c>. Default on.</summary>
    public bool PrefixCaching { get; init; } = true;

    /// <summary><c>--scheduling-policy priority</c>: waiting requests with a smaller <c>priority</c> go first. Default: as they came.</summary>
    public bool ByPriority { get; init; }

    /// <summary><c>--seed</c>. Default 0.</summary>
    public long Seed { get; init; }

    /// <exception cref="EngineStartException">A value is out of range or unknown; the message names its key.</exception>
    public static SmolLm2Settings From(ServeSettings serve)
    {
        var known = new[] { ThreadsKey, FolderKey, PrefixCacheKey };
        if (serve.EngineOptions.Keys.FirstOrDefault(key => !known.Contains(key)) is { } unknown)
        {
            throw new EngineStartException($"--engine-option {unknown}: engine 'smollm2' knows {string.Join(", ", known)}.");
        }

        if (serve.Runner != "generate")
        {
            throw new EngineStartException($"--runner {serve.Runner}: engine 'smollm2' generates text only.");
        }

        var defaults = new SmolLm2Settings();
        return new SmolLm2Settings
        {
            ModelFolder = serve.EngineOptions.GetValueOrDefault(FolderKey) ?? (File.Exists(Path.Combine(serve.Model, "model.onnx")) ? serve.Model : null),
            Threads = Option(serve, ThreadsKey, defaults.Threads, 1, 64),
            PrefixCacheMebibytes = Option(serve, PrefixCacheKey, defaults.PrefixCacheMebibytes, 0, 65_536),
            MaxModelLength = serve.MaxModelLength,
            MaxSequences = InRange("--max-num-seqs", serve.MaxSequences ?? defaults.MaxSequences, 1, 64),
            // vLLM's usual values are far larger than what keeps a CPU responsive: they are cut, not refused.
            MaxBatchedTokens = Math.Min(InRange("--max-num-batched-tokens", serve.MaxBatchedTokens ?? defaults.MaxBatchedTokens, 16, int.MaxValue), 2048),
            BlockSize = InRange("--block-size", serve.BlockSize ?? defaults.BlockSize, 1, 1024),
            BlockCount = serve.BlockCount is { } blocks ? InRange("--num-gpu-blocks-override", blocks, 2, 1 << 20) : null,
            PrefixCaching = serve.PrefixCaching,
            ByPriority = serve.SchedulingPolicy == "priority",
            Seed = serve.Seed,
        };
    }

    private static int Option(ServeSettings serve, string key, int fallback, int min, int max)
    {
        if (!serve.EngineOptions.TryGetValue(key, out var text))
        {
            return fallback;
        }

        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value)
            ? InRange($"--engine-option {key}", value, min, max)
            : throw new EngineStartException($"--engine-option {key}={text}: a whole number is needed.");
    }

    private static int InRange(string key, int value, int min, int max) =>
        value >= min && value <= max ? value : throw new EngineStartException($"{key} {value}: must lie between {min} and {max}.");
}
