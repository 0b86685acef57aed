namespace AiInfra.LocalVllm.Scheduling;

/// <summary>vLLM's scheduler arguments.</summary>
internal sealed record SchedulerSettings
{
    /// <summary>Sequences computed in one step at most (<c>--max-num-seqs</c>). Default 256.</summary>
    public int MaxSequences { get; init; } = 256;

    /// <summary>Tokens computed in one step at most, prompts and answers together (<c>--max-num-batched-tokens</c>). Default 8192.</summary>
    public int MaxBatchedTokens { get; init; } = 8192;

    /// <summary>Tokens per cache block (<c>--block-size</c>). Default 16.</summary>
    public int BlockSize { get; init; } = 16;

    /// <summary>Blocks in the cache, one of them reserved (<c>--num-gpu-blocks-override</c>). Default 27,000, an 8B model on an 80 GB card.</summary>
    public int BlockCount { get; init; } = 27_000;

    /// <summary>Reuse the blocks of earlier prompts and answers (<c>--enable-prefix-caching</c>). Default on.</summary>
    public bool PrefixCaching { get; init; } = true;

    /// <summary>Smaller priority values first, then by arrival (<c>--scheduling-policy priority</c>). Default by arrival alone.</summary>
    public bool ByPriority { get; init; }

    /// <summary>LoRA adapters that may be active at once (<c>--max-loras</c>); sequences of others wait. Default unbounded.</summary>
    public int MaxAdapters { get; init; } = int.MaxValue;

    /// <summary>What a step costs.</summary>
    public StepProfile Profile { get; init; } = StepProfile.Llama8BOnH100;
}
