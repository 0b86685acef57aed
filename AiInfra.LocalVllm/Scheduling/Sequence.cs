namespace AiInfra.LocalVllm.Scheduling;

/// <summary>
/// One request in the scheduler. The simulation knows the whole answer beforehand; the scheduler reveals one token of it a step.
/// </summary>
internal sealed class Sequence
{
    private readonly int[] _prompt;
    private readonly int[] _answer;

    /// <param name="prompt">Prompt tokens, at least one.</param>
    /// <param name="answer">Answer tokens, at least one; the sequence ends with the last.</param>
    public Sequence(int[] prompt, int[] answer)
    {
        ArgumentOutOfRangeException.ThrowIfZero(prompt.Length);
        ArgumentOutOfRangeException.ThrowIfZero(answer.Length);
        _prompt = prompt;
        _answer = answer;
    }

    public int PromptTokens => _prompt.Length;

    public int AnswerTokens => _answer.Length;

    /// <summary>Smaller goes first when scheduling by priority.</summary>
    public int Priority { get; init; }

    /// <summary>Separates prefix caches: salt and adapter; 0 for neither.</summary>
    public ulong CacheKey { get; init; }

    /// <summary>The caller's salt, for what is told about its blocks; null for none.</summary>
    public string? CacheSalt { get; init; }

    /// <summary>The LoRA adapter that it runs with, or null.</summary>
    public string? Adapter { get; init; }

    /// <summary>False for requests with prompt logprobs: they neither use the cache nor count in its statistics.</summary>
    public bool ReadsPrefixCache { get; init; } = true;

    /// <summary>The owner's own data.</summary>
    public object? Tag { get; init; }

    public SequenceState State { get; internal set; } = SequenceState.New;

    /// <summary>Answer tokens revealed so far.</summary>
    public int Generated { get; internal set; }

    /// <summary>Prompt tokens that came from the prefix cache when it was first scheduled.</summary>
    public int CachedTokens { get; internal set; }

    /// <summary>Full prompt blocks that this sequence added to the cache, in tokens.</summary>
    public int CreatedCacheTokens { get; internal set; }

    /// <summary>Times it lost its blocks and began anew.</summary>
    public int Preemptions { get; internal set; }

    /// <summary>When <see cref="Scheduler.Add"/> took it, in seconds of the scheduler's clock.</summary>
    public double ArrivedAt { get; internal set; }

    /// <summary>When its first token was scheduled; NaN before.</summary>
    public double ScheduledAt { get; internal set; } = double.NaN;

    internal long Order { get; set; }

    /// <summary>Tokens whose keys and values are in blocks.</summary>
    internal int Computed { get; set; }

    /// <summary>Tokens known: prompt and revealed answer.</summary>
    internal int Known => _prompt.Length + Generated;

    internal List<CacheBlock> Blocks { get; } = [];

    /// <summary>Chained hashes of the full blocks known so far.</summary>
    internal List<ulong> BlockHashes { get; } = [];

    /// <summary>Blocks of <see cref="Blocks"/> already entered in the cache.</summary>
    internal int BlocksEntered { get; set; }

    /// <summary>Hashes the blocks that have become full.</summary>
    internal void ExtendHashes(int blockSize)
    {
        while ((BlockHashes.Count + 1) * blockSize <= Known)
        {
            var count = BlockHashes.Count;
            var hash = count == 0 ? BlockHash.Start(CacheKey) : BlockHashes[count - 1];
            for (var i = count * blockSize; i < (count + 1) * blockSize; i++)
            {
                hash = BlockHash.Add(hash, Token(i));
            }

            BlockHashes.Add(BlockHash.Finish(hash));
        }
    }

    internal int Token(int position) => position < _prompt.Length ? _prompt[position] : _answer[position - _prompt.Length];

    /// <summary>The answer token revealed last.</summary>
    public int LastToken => _answer[Generated - 1];
}

/// <summary>Where a sequence stands.</summary>
internal enum SequenceState
{
    New,
    Waiting,
    Running,
    Finished,
}
