namespace AiInfra.LocalVllm.Scheduling;

/// <summary>
/// vLLM's step-based scheduler as a state machine without a clock: the owner says what time it is, and gets to know how long the step
/// takes. So the same code runs in real time behind HTTP and in virtual time in a benchmark. Deterministic; not thread-safe.
/// </summary>
/// <remarks>
/// A step: (1) running sequences go on, each with its next token or the next piece of its prompt, within one token budget; one that
/// finds no block pushes out the youngest (or least important). (2) If none was pushed out, waiting ones join while the budget, the
/// sequence limit and the blocks last, beginning behind what the prefix cache already has. (3) Who has all known tokens computed gains one.
/// </remarks>
internal sealed class Scheduler(SchedulerSettings settings)
{
    private readonly BlockCache _cache = new(settings.BlockCount);
    private readonly List<Sequence> _running = [];
    private readonly LinkedList<Sequence> _waiting = [];
    private readonly List<(Sequence Sequence, int Tokens)> _batch = [];
    private readonly StepOutcome _outcome = new();
    private readonly List<CacheBlock> _occupied = [];
    private long _arrivals;

    public SchedulerSettings Settings { get; } = settings;

    /// <summary>Sequences that hold blocks.</summary>
    public int Running => _running.Count;

    /// <summary>Sequences in the queue.</summary>
    public int Waiting => _waiting.Count;

    /// <summary>Blocks in use as a share of the usable ones; idle cached blocks do not count.</summary>
    public double KvCacheUsage => _cache.Usage;

    /// <summary>Prompt tokens looked up in the prefix cache so far.</summary>
    public long PrefixCacheQueries { get; private set; }

    /// <summary>Prompt tokens found there so far.</summary>
    public long PrefixCacheHits { get; private set; }

    /// <summary>Sequences pushed back to the queue so far.</summary>
    public long Preemptions { get; private set; }

    /// <summary>Prompt tokens of the sequences in the queue.</summary>
    public int WaitingTokens { get; private set; }

    /// <summary>Told of every block that becomes findable: its sequence and its index there.</summary>
    public Action<Sequence, int>? BlockStored { get; set; }

    /// <summary>Told of every block whose content is given up: its chained hash.</summary>
    public Action<ulong>? BlockRemoved { get; set; }

    /// <summary>Told when the whole cache is forgotten.</summary>
    public Action? CacheCleared { get; set; }

    /// <summary>Waiting sequences that were passed over in the last step because too many other adapters run.</summary>
    public int Deferred { get; private set; }

    /// <summary>Names of the adapters among the sequences that run, or that wait.</summary>
    public IEnumerable<string> Adapters(bool running) =>
        (running ? _running : (IEnumerable<Sequence>)_waiting).Select(sequence => sequence.Adapter).OfType<string>().Distinct();

    /// <summary>Queues a sequence. A sequence belongs to one scheduler, once.</summary>
    public void Add(Sequence sequence, double now)
    {
        if (sequence.State != SequenceState.New)
        {
            throw new ArgumentException("A sequence is added once.", nameof(sequence));
        }

        sequence.State = SequenceState.Waiting;
        sequence.ArrivedAt = now;
        sequence.Order = _arrivals++;
        WaitingTokens += sequence.PromptTokens;
        Enqueue(sequence, front: false);
    }

    /// <summary>Drops a sequence wherever it stands; its full blocks stay in the prefix cache.</summary>
    public void Abort(Sequence sequence)
    {
        switch (sequence.State)
        {
            case SequenceState.Waiting:
                _waiting.Remove(sequence);
                WaitingTokens -= sequence.PromptTokens;
                break;
            case SequenceState.Running:
                _running.Remove(sequence);
                _cache.Release(sequence.Blocks);
                break;
        }

        sequence.State = SequenceState.Finished;
    }

    /// <summary>Forgets every cached prefix. False while sequences run.</summary>
    public bool TryResetPrefixCache()
    {
        var done = _cache.TryReset();
        if (done)
        {
            CacheCleared?.Invoke();
        }

        return done;
    }

    /// <summary>Holds a share (0 to 1) of the free blocks back from sequences, or with 0 gives them back.</summary>
    public void Occupy(double share)
    {
        _cache.Release(_occupied);
        for (var wanted = (int)(_cache.Free * share); wanted > 0; wanted--)
        {
            _occupied.Add(_cache.TakeNew());
        }
    }

    /// <summary>How many prompt tokens of <paramref name="sequence"/> the cache would answer now.</summary>
    public int Lookup(Sequence sequence) => CachedBlocks(sequence) * Settings.BlockSize;

    /// <summary>Does one step that begins at <paramref name="now"/> (seconds). The outcome is valid until the next call.</summary>
    public StepOutcome Step(double now)
    {
        _cache.Removed ??= hash => BlockRemoved?.Invoke(hash);
        _outcome.Clear();
        _batch.Clear();
        var budget = Settings.MaxBatchedTokens;
        var prompts = 0;
        var preempted = ScheduleRunning(ref budget);
        if (!preempted)
        {
            prompts = ScheduleWaiting(now, ref budget);
        }

        var generating = 0;
        foreach (var (sequence, tokens) in _batch)
        {
            if (sequence.Computed < sequence.PromptTokens || tokens > 1)
            {
                _outcome.PrefillTokens += tokens;
            }
            else
            {
                generating++;
            }

            sequence.Computed += tokens;
            EnterFullBlocks(sequence);
            if (sequence.Computed == sequence.Known)
            {
                Reveal(sequence);
            }
        }

        _outcome.Scheduled = _batch.Count;
        _outcome.Seconds = _batch.Count == 0 ? 0 : Settings.Profile.Seconds(_outcome.PrefillTokens, generating, prompts);
        return _outcome;
    }

    private bool ScheduleRunning(ref int budget)
    {
        var preempted = false;
        for (var i = 0; i < _running.Count && budget > 0; i++)
        {
            var sequence = _running[i];
            var tokens = Math.Min(sequence.Known - sequence.Computed, budget);
            while (!TryGiveBlocks(sequence, sequence.Computed + tokens))
            {
                preempted = true;
                var victim = Victim();
                Preempt(victim, ref budget, ref i);
                if (victim == sequence)
                {
                    tokens = 0;
                    break;
                }
            }

            if (tokens > 0)
            {
                _batch.Add((sequence, tokens));
                budget -= tokens;
            }
        }

        return preempted;
    }

    private int ScheduleWaiting(double now, ref int budget)
    {
        var begun = 0;
        Deferred = 0;
        for (var node = _waiting.First; node is not null && budget > 0 && _running.Count < Settings.MaxSequences;)
        {
            var sequence = node.Value;
            if (!HasAdapterSlot(sequence))
            {
                Deferred++;
                node = node.Next;
                continue;
            }

            var cachedBlocks = Settings.PrefixCaching && sequence.ReadsPrefixCache ? CachedBlocks(sequence) : 0;
            var cached = cachedBlocks * Settings.BlockSize;
            var tokens = Math.Min(sequence.Known - cached, budget);
            if (!TryAdmit(sequence, cachedBlocks, cached + tokens))
            {
                break;
            }

            var following = node.Next;
            _waiting.Remove(node);
            node = following;
            WaitingTokens -= sequence.PromptTokens;
            _running.Add(sequence);
            sequence.State = SequenceState.Running;
            sequence.Computed = cached;
            begun++;
            if (double.IsNaN(sequence.ScheduledAt))
            {
                sequence.ScheduledAt = now;
                sequence.CachedTokens = cached;
                if (Settings.PrefixCaching && sequence.ReadsPrefixCache)
                {
                    PrefixCacheQueries += sequence.Known;
                    PrefixCacheHits += cached;
                }
            }

            _batch.Add((sequence, tokens));
            budget -= tokens;
        }

        return begun;
    }

    private bool HasAdapterSlot(Sequence sequence)
    {
        if (sequence.Adapter is null || Settings.MaxAdapters == int.MaxValue)
        {
            return true;
        }

        var active = Adapters(running: true).ToList();
        return active.Contains(sequence.Adapter) || active.Count < Settings.MaxAdapters;
    }

    // A prompt repeated whole computes at least its last token, so that there are logits to choose from.
    private int CachedBlocks(Sequence sequence)
    {
        sequence.ExtendHashes(Settings.BlockSize);
        var limit = Math.Min((sequence.Known - 1) / Settings.BlockSize, sequence.BlockHashes.Count);
        var found = 0;
        while (found < limit && _cache.Find(sequence.BlockHashes[found]) is not null)
        {
            found++;
        }

        return found;
    }

    private bool TryAdmit(Sequence sequence, int cachedBlocks, int tokens)
    {
        var idleHits = 0;
        for (var i = 0; i < cachedBlocks; i++)
        {
            idleHits += _cache.Find(sequence.BlockHashes[i])!.Users == 0 ? 1 : 0;
        }

        if (BlocksFor(tokens) - cachedBlocks > _cache.Free - idleHits)
        {
            return false;
        }

        for (var i = 0; i < cachedBlocks; i++)
        {
            var block = _cache.Find(sequence.BlockHashes[i])!;
            _cache.Take(block);
            sequence.Blocks.Add(block);
        }

        sequence.BlocksEntered = cachedBlocks;
        return TryGiveBlocks(sequence, tokens);
    }

    private bool TryGiveBlocks(Sequence sequence, int tokens)
    {
        var missing = BlocksFor(tokens) - sequence.Blocks.Count;
        if (missing > _cache.Free)
        {
            return false;
        }

        for (; missing > 0; missing--)
        {
            sequence.Blocks.Add(_cache.TakeNew());
        }

        return true;
    }

    private int BlocksFor(int tokens) => (tokens + Settings.BlockSize - 1) / Settings.BlockSize;

    private Sequence Victim()
    {
        var victim = _running[^1];
        if (Settings.ByPriority)
        {
            foreach (var candidate in _running)
            {
                if ((candidate.Priority, candidate.Order).CompareTo((victim.Priority, victim.Order)) > 0)
                {
                    victim = candidate;
                }
            }
        }

        return victim;
    }

    private void Preempt(Sequence victim, ref int budget, ref int position)
    {
        var index = _running.IndexOf(victim);
        _running.RemoveAt(index);
        if (index <= position)
        {
            position--;
        }

        var scheduled = _batch.FindIndex(entry => entry.Sequence == victim);
        if (scheduled >= 0)
        {
            budget += _batch[scheduled].Tokens;
            _batch.RemoveAt(scheduled);
        }

        _cache.Release(victim.Blocks);
        victim.Computed = 0;
        victim.BlocksEntered = 0;
        victim.State = SequenceState.Waiting;
        victim.Preemptions++;
        WaitingTokens += victim.PromptTokens;
        Preemptions++;
        Enqueue(victim, front: true);
    }

    private void Enqueue(Sequence sequence, bool front)
    {
        if (!Settings.ByPriority)
        {
            _ = front ? _waiting.AddFirst(sequence) : _waiting.AddLast(sequence);
            return;
        }

        var node = _waiting.Last;
        while (node is not null && (sequence.Priority, sequence.Order).CompareTo((node.Value.Priority, node.Value.Order)) < 0)
        {
            node = node.Previous;
        }

        _ = node is null ? _waiting.AddFirst(sequence) : _waiting.AddAfter(node, sequence);
    }

    private void Reveal(Sequence sequence)
    {
        sequence.Generated++;
        _outcome.Gained.Add(sequence);
        if (sequence.Generated == sequence.AnswerTokens)
        {
            Abort(sequence);
        }
    }

    private void EnterFullBlocks(Sequence sequence)
    {
        if (!Settings.PrefixCaching)
        {
            return;
        }

        var full = sequence.Computed / Settings.BlockSize;
        if (full <= sequence.BlocksEntered)
        {
            return;
        }

        sequence.ExtendHashes(Settings.BlockSize);
        for (; sequence.BlocksEntered < full; sequence.BlocksEntered++)
        {
            var index = sequence.BlocksEntered;
            if (_cache.Enter(sequence.Blocks[index], sequence.BlockHashes[index]))
            {
                var tokens = (index + 1) * Settings.BlockSize;
                // What is computed anew after a preemption is not counted again.
                sequence.CreatedCacheTokens += tokens <= sequence.PromptTokens && sequence.Preemptions == 0 ? Settings.BlockSize : 0;
                BlockStored?.Invoke(sequence, index);
            }
        }
    }
}
