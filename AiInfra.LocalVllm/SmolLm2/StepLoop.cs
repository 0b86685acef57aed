using System.Collections.Concurrent;
using AiInfra.LocalVllm.Engine;

namespace AiInfra.LocalVllm.SmolLm2;

/// <summary>
/// Continuous batching on one thread: each step decodes a token for every running sequence in one call of the graph, then computes a piece
/// of the next prompt. New sequences join and finished ones leave between steps.
/// </summary>
/// <remarks>
/// Slot order is join order but for gaps: the decoding sequences come first, and at most one that is still in its prompt comes last, because
/// the graph computes prompts one at a time. A sequence that outgrows the memory's bound waits again and is computed anew later.
/// </remarks>
internal sealed class StepLoop(DecoderGraph graph, SmolLm2Settings settings, int maxTokens, PrefixCache? prefixes, Sampler sampler, TimeProvider time)
    : IDisposable
{
    /// <summary>The smallest piece of a prompt in a step, however many sequences decode: it must end some day.</summary>
    private const int SmallestPiece = 16;

    /// <summary>Logits of a prompt's positions are wanted for prompt_logprobs only; a row takes 192 KiB.</summary>
    private const int LogprobPiece = 32;

    /// <summary>Memory of finished sequences is kept this long for the next ones.</summary>
    private static readonly TimeSpan KeepSlots = TimeSpan.FromSeconds(5);

    private readonly KeyValueSlots _slots = new(graph.Shape, settings.MaxSequences, maxTokens);
    private readonly ConcurrentQueue<Sequence> _arrivals = new();
    private readonly SemaphoreSlim _wake = new(0);
    private readonly LinkedList<Sequence> _waiting = [];
    private readonly List<Sequence> _running = [];
    private readonly float[] _logits = new float[graph.VocabularySize * LogprobPiece];
    private int _decoding;
    private int _submitted;
    private volatile bool _isDead;
    private volatile bool _isResetWanted;

    public EngineCounters Counters { get; } = new();

    public Action<int>? StepCompleted { get; set; }

    public bool IsDead => _isDead;

    /// <summary>Sequences that were submitted and have not ended.</summary>
    public int Unfinished => Volatile.Read(ref _submitted);

    /// <summary>Queues a sequence. Safe from any thread.</summary>
    public void Submit(Sequence sequence)
    {
        Interlocked.Increment(ref _submitted);
        _arrivals.Enqueue(sequence);
        _wake.Release();
        if (_isDead)
        {
            FailAll(new EngineDeadException());
        }
    }

    /// <summary>Runs until <paramref name="stopping"/>; ends what then still runs as aborted.</summary>
    public void Run(CancellationToken stopping)
    {
        try
        {
            while (!stopping.IsCancellationRequested)
            {
                Step(stopping);
            }

            Drain();
            while (_running.Count > 0)
            {
                Finish(_running.Count - 1, new EngineOutput(null) { FinishReason = FinishReason.Abort });
            }
        }
        finally
        {
            _isDead = true;
            FailAll(stopping.IsCancellationRequested ? null : new EngineDeadException());
        }
    }

    /// <summary>Forgets the prefixes before the next sequence starts; false while any is unfinished. Safe from any thread.</summary>
    public bool TryResetPrefixes()
    {
        if (Unfinished > 0)
        {
            return false;
        }

        _isResetWanted = true;
        return true;
    }

    public void Dispose()
    {
        _slots.Dispose();
        _wake.Dispose();
    }

    private void Step(CancellationToken stopping)
    {
        Drain();
        if (_running.Count == 0 && _waiting.Count == 0)
        {
            Counters.Set(0, 0);
            WaitForWork(stopping);
            return;
        }

        var tokens = Decode();
        tokens += Prefill(Math.Max(SmallestPiece, settings.MaxBatchedTokens - tokens));
        Counters.Set(_running.Count, (double)_running.Sum(sequence => sequence.Computed) / maxTokens);
        StepCompleted?.Invoke(tokens);
    }

    private void WaitForWork(CancellationToken stopping)
    {
        try
        {
            if (!_wake.Wait(KeepSlots, stopping))
            {
                _slots.Release();
                _wake.Wait(stopping);
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // The loop ends.
        }
    }

    /// <summary>Takes in new sequences and lets go of cancelled ones.</summary>
    private void Drain()
    {
        while (_arrivals.TryDequeue(out var arrival))
        {
            _waiting.AddLast(arrival);
        }

        if (_isResetWanted)
        {
            _isResetWanted = false;
            prefixes?.Clear();
        }

        for (var node = _waiting.First; node is not null;)
        {
            var next = node.Next;
            if (node.Value.IsCancelled)
            {
                _waiting.Remove(node);
                Leave(node.Value, null);
            }

            node = next;
        }

        for (var slot = _running.Count - 1; slot >= 0; slot--)
        {
            if (_running[slot].IsCancelled)
            {
                Finish(slot, null);
            }
        }
    }

    /// <summary>One token for each sequence that has its prompt behind it.</summary>
    /// <returns>Tokens computed.</returns>
    private int Decode()
    {
        MakeRoomToDecode();
        if (_decoding == 0)
        {
            return 0;
        }

        var rows = _decoding;
        Span<int> tokens = stackalloc int[rows];
        Span<int> past = stackalloc int[rows];
        for (var row = 0; row < rows; row++)
        {
            tokens[row] = _running[row].Tokens[^1];
            past[row] = _running[row].Computed;
        }

        var logits = graph.Decode(_slots, tokens, past);
        // From the last row to the first: a finished sequence is replaced by one that was handled already.
        for (var row = rows - 1; row >= 0; row--)
        {
            _running[row].Computed++;
            Keep(row);
            Choose(row, logits.Slice(row * graph.VocabularySize, graph.VocabularySize));
        }

        return rows;
    }

    private void MakeRoomToDecode()
    {
        while (true)
        {
            var longest = 0;
            for (var slot = 0; slot < _running.Count; slot++)
            {
                longest = Math.Max(longest, Need(_running[slot], slot < _decoding));
            }

            if (_running.Count == 0 || _slots.Fits(_running.Count, longest))
            {
                EnsureRoom(_running.Count, longest);
                return;
            }

            SendBack(_running.Count - 1);
        }
    }

    /// <summary>Computes pieces of prompts until <paramref name="budget"/> tokens are spent.</summary>
    /// <returns>Tokens computed.</returns>
    private int Prefill(int budget)
    {
        var spent = 0;
        while (budget - spent >= SmallestPiece && (_decoding < _running.Count || TryAdmit()))
        {
            var slot = _decoding;
            var sequence = _running[slot];
            var wanted = sequence.Request.Sampling.PromptLogprobs is not null && sequence.IsFirst;
            var count = Math.Min(sequence.Tokens.Count - sequence.Computed, wanted ? Math.Min(budget - spent, LogprobPiece) : budget - spent);
            if (sequence.Tokens.Count - sequence.Computed - count == 1 && count > SmallestPiece)
            {
                // A last piece of one token would run the decode kernels, which round differently.
                count--;
            }

            var piece = sequence.Tokens.GetRange(sequence.Computed, count).ToArray();
            var rows = wanted ? count : 1;
            graph.Prefill(_slots, slot, piece, sequence.Computed, rows, _logits);
            if (wanted)
            {
                ReadPromptLogprobs(sequence, count);
            }

            sequence.Computed += count;
            spent += count;
            Keep(slot);
            if (sequence.Computed == sequence.Tokens.Count)
            {
                _decoding++;
                Choose(slot, _logits.AsSpan((rows - 1) * graph.VocabularySize, graph.VocabularySize));
            }
        }

        return spent;
    }

    /// <summary>Gives the first waiting sequence a slot, with what the prefix cache has of it.</summary>
    private bool TryAdmit()
    {
        if (_waiting.First is not { } first)
        {
            return false;
        }

        var sequence = first.Value;
        var longest = Need(sequence, isDecoding: false);
        for (var slot = 0; slot < _running.Count; slot++)
        {
            longest = Math.Max(longest, Need(_running[slot], isDecoding: true));
        }

        if (!_slots.Fits(_running.Count + 1, longest))
        {
            return false;
        }

        EnsureRoom(_running.Count + 1, longest);
        _waiting.RemoveFirst();
        _running.Add(sequence);
        sequence.ScheduledAt ??= time.GetTimestamp();
        TakePrefix(sequence, _running.Count - 1);
        return true;
    }

    private void TakePrefix(Sequence sequence, int slot)
    {
        sequence.Computed = 0;
        sequence.Stored = default;
        if (prefixes is null || sequence.Request.Sampling.PromptLogprobs is not null)
        {
            sequence.Cached ??= 0;
            return;
        }

        var blocks = prefixes.Find(sequence.Tokens.ToArray(), sequence.Request.CacheSalt);
        var cached = blocks.Count * prefixes.BlockSize;
        sequence.Stored = (blocks.Count, blocks.LastOrDefault());
        if (sequence.Cached is null)
        {
            sequence.Cached = cached;
            Counters.AddLookup(sequence.Tokens.Count, cached);
        }

        // With one token left the decode kernels would run, which round differently: a cached prefix must not change an answer,
        // so the last block is computed again. It is counted as cached all the same.
        var usable = sequence.Tokens.Count - cached == 1 && blocks.Count > 0 ? blocks.Count - 1 : blocks.Count;
        for (var i = 0; i < usable; i++)
        {
            _slots.Write(slot, i * prefixes.BlockSize, prefixes.BlockSize, blocks[i].Values);
        }

        sequence.Computed = usable * prefixes.BlockSize;
    }

    /// <summary>Puts a sequence's newly filled blocks into the prefix cache.</summary>
    private void Keep(int slot)
    {
        var sequence = _running[slot];
        while (prefixes is not null && sequence.Stored.Count >= 0 && (sequence.Stored.Count + 1) * prefixes.BlockSize <= sequence.Computed)
        {
            var (count, last) = sequence.Stored;
            var position = count * prefixes.BlockSize;
            var isNew = prefixes.TryAdd(last, sequence.Tokens.GetRange(position, prefixes.BlockSize).ToArray(), sequence.Request.CacheSalt, out var block);
            if (isNew)
            {
                _slots.Read(slot, position, prefixes.BlockSize, block!.Values);
                sequence.CreatedCacheTokens += position + prefixes.BlockSize <= sequence.Request.Prompt.Length ? prefixes.BlockSize : 0;
            }

            // No block: the chain was evicted behind it or fills the whole cache, and nothing of this sequence is kept any more.
            sequence.Stored = block is null ? (-1, null) : (count + 1, block);
        }
    }

    private void Choose(int slot, Span<float> logits)
    {
        var sequence = _running[slot];
        var parameters = sequence.Request.Sampling;
        try
        {
            // The sampler changes the logits, so the model's own are read first where they are wanted.
            var raw = parameters.Logprobs is null ? null : logits.ToArray();
            var token = sampler.Choose(logits, sequence.Sampling);
            var logprobs = raw is null ? null : LogprobReader.Read(raw, token, parameters.Logprobs!.Value);
            sequence.Sampling.Add(token);
            sequence.Tokens.Add(token);
            var output = sampler.Describe(token, sequence.Sampling) with { Logprobs = logprobs, Prefill = Report(sequence) };
            sequence.IsFirst = false;
            if (output.FinishReason is null)
            {
                sequence.Write(output);
            }
            else
            {
                Finish(slot, output);
            }
        }
        catch (GrammarException)
        {
            Finish(slot, new EngineOutput(null) { FinishReason = FinishReason.Error });
        }
    }

    private static PrefillReport? Report(Sequence sequence) => !sequence.IsFirst ? null
        : new PrefillReport(sequence.Cached ?? 0, sequence.QueuedAt, sequence.ScheduledAt ?? sequence.QueuedAt)
        {
            CreatedCacheTokens = sequence.CreatedCacheTokens,
            PromptLogprobs = sequence.PromptLogprobs,
        };

    private void ReadPromptLogprobs(Sequence sequence, int count)
    {
        var read = sequence.PromptLogprobs ??= [null];
        for (var i = 0; i < count && sequence.Computed + i + 1 < sequence.Request.Prompt.Length; i++)
        {
            var logits = _logits.AsSpan(i * graph.VocabularySize, graph.VocabularySize);
            read.Add(LogprobReader.Read(logits, sequence.Tokens[sequence.Computed + i + 1], sequence.Request.Sampling.PromptLogprobs!.Value));
        }
    }

    /// <summary>Ends a running sequence and closes the gap: the last decoding one moves into it, and the one in its prompt behind that.</summary>
    private void Finish(int slot, EngineOutput? last)
    {
        var sequence = _running[slot];
        Vacate(slot);
        Leave(sequence, last);
    }

    private void Vacate(int slot)
    {
        if (slot < _decoding)
        {
            _decoding--;
            Move(_decoding, slot);
            slot = _decoding;
        }

        Move(_running.Count - 1, slot);
        _running.RemoveAt(_running.Count - 1);
    }

    private void Move(int from, int to)
    {
        if (from != to)
        {
            _slots.Move(from, to, _running[from].Computed);
            _running[to] = _running[from];
        }
    }

    private void SendBack(int slot)
    {
        var sequence = _running[slot];
        Vacate(slot);
        _waiting.AddFirst(sequence);
        Counters.AddPreemption();
    }

    private void Leave(Sequence sequence, EngineOutput? last)
    {
        Interlocked.Decrement(ref _submitted);
        if (last is { } output)
        {
            sequence.Write(output);
        }

        sequence.Complete(null);
    }

    /// <summary>Ends everything that is left: aborted where <paramref name="error"/> is null.</summary>
    private void FailAll(Exception? error)
    {
        // A submission that just missed the end comes here from its own thread.
        lock (_arrivals)
        {
            while (_arrivals.TryDequeue(out var arrival))
            {
                _waiting.AddLast(arrival);
            }

            foreach (var sequence in _running.Concat(_waiting))
            {
                if (error is null)
                {
                    sequence.Write(new EngineOutput(null) { FinishReason = FinishReason.Abort });
                }

                sequence.Complete(error);
            }

            _running.Clear();
            _waiting.Clear();
            Counters.Set(0, 0);
            Volatile.Write(ref _submitted, 0);
        }
    }

    private void EnsureRoom(int rows, int capacity)
    {
        Span<int> lengths = stackalloc int[_running.Count];
        for (var slot = 0; slot < lengths.Length; slot++)
        {
            lengths[slot] = _running[slot].Computed;
        }

        _slots.EnsureRoom(rows, capacity, lengths);
    }

    /// <summary>Tokens that its slot must hold in this step: the next one, or the whole prompt.</summary>
    private static int Need(Sequence sequence, bool isDecoding) => isDecoding ? sequence.Computed + 1 : sequence.Tokens.Count;
}
