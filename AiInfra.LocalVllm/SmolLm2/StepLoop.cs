using System.Collections.Concurrent;
using AiInfra.LocalVllm.Engine;

namespace AiInfra.LocalVllm.SmolLm2;

/// <summary>
/// Continuous batching on one thread: each step decodes a token for every running sequence in one call of the graph, then computes a piece
/// of the next prompt. New sequences join and finished ones leave between steps.
/// </summary>
/// <remarks>A sequence that outgrows the memory's bound waits again and is computed anew later.</remarks>
internal sealed class StepLoop : IDisposable
{
    /// <summary>The smallest piece of a prompt in a step, however many sequences decode: it must end some day.</summary>
    private const int SmallestPiece = 16;

    /// <summary>Logits of a prompt's positions are wanted for prompt_logprobs only; a row takes 192 KiB.</summary>
    private const int LogprobPiece = 32;

    /// <summary>Memory of finished sequences is kept this long for the next ones.</summary>
    private static readonly TimeSpan KeepSlots = TimeSpan.FromSeconds(5);

    private readonly DecoderGraph _graph;
    private readonly SmolLm2Settings _settings;
    private readonly int _maxTokens;
    private readonly TimeProvider _time;
    private readonly KeyValueSlots _slots;
    private readonly RunningSequences _running;
    private readonly PrefixReuse _prefixes;
    private readonly TokenChooser _chooser;
    private readonly float[] _logits;
    private readonly ConcurrentQueue<Sequence> _arrivals = new();
    private readonly SemaphoreSlim _wake = new(0);
    private readonly LinkedList<Sequence> _waiting = [];
    private int _unfinished;
    private volatile bool _isDead;
    private volatile bool _isResetWanted;

    /// <param name="graph">The model.</param>
    /// <param name="settings">Bounds of a step.</param>
    /// <param name="maxTokens">Tokens of all running sequences together.</param>
    /// <param name="prefixes">Null where prefix caching is off.</param>
    /// <param name="sampler">Used by this loop alone.</param>
    /// <param name="time">The clock of the reports.</param>
    public StepLoop(DecoderGraph graph, SmolLm2Settings settings, int maxTokens, PrefixCache? prefixes, Sampler sampler, TimeProvider time)
    {
        (_graph, _settings, _maxTokens, _time) = (graph, settings, maxTokens, time);
        _slots = new KeyValueSlots(graph.Shape, settings.MaxSequences, maxTokens);
        _running = new RunningSequences(_slots);
        _prefixes = new PrefixReuse(prefixes, _slots, Counters);
        _chooser = new TokenChooser(sampler, graph.VocabularySize);
        _logits = new float[graph.VocabularySize * LogprobPiece];
    }

    public EngineCounters Counters { get; } = new();

    public Action<int>? StepCompleted { get; set; }

    public bool IsDead => _isDead;

    /// <summary>Sequences that were submitted and have not ended.</summary>
    public int Unfinished => Volatile.Read(ref _unfinished);

    /// <summary>Queues a sequence. Safe from any thread.</summary>
    public void Submit(Sequence sequence)
    {
        Interlocked.Increment(ref _unfinished);
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
        tokens += Prefill(Math.Max(SmallestPiece, _settings.MaxBatchedTokens - tokens));
        Counters.Set(_running.Count, (double)_running.Tokens / _maxTokens);
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
            Enqueue(arrival);
        }

        if (_isResetWanted)
        {
            _isResetWanted = false;
            _prefixes.Clear();
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
                Leave(_running.Remove(slot), null);
            }
        }
    }

    private void Enqueue(Sequence sequence)
    {
        var behind = _waiting.Last;
        while (_settings.ByPriority && behind is not null && behind.Value.Request.Priority > sequence.Request.Priority)
        {
            behind = behind.Previous;
        }

        if (behind is null)
        {
            _waiting.AddFirst(sequence);
        }
        else
        {
            _waiting.AddAfter(behind, sequence);
        }
    }

    /// <summary>One token for each sequence that has its prompt behind it.</summary>
    /// <returns>Tokens computed.</returns>
    private int Decode()
    {
        while (!_running.TryMakeRoom())
        {
            // The last that came waits again, first in the queue.
            var youngest = _running.Remove(_running.Count - 1);
            youngest.Preemptions++;
            _waiting.AddFirst(youngest);
            Counters.AddPreemption();
        }

        var rows = _running.Decoding;
        if (rows == 0)
        {
            return 0;
        }

        Span<int> tokens = stackalloc int[rows];
        Span<int> past = stackalloc int[rows];
        for (var row = 0; row < rows; row++)
        {
            tokens[row] = _running[row].Tokens[^1];
            past[row] = _running[row].Computed;
        }

        var logits = _graph.Decode(_slots, tokens, past);
        // From the last row to the first: a finished sequence is replaced by one that was handled already.
        for (var row = rows - 1; row >= 0; row--)
        {
            _running[row].Computed++;
            Advance(row, logits.Slice(row * _graph.VocabularySize, _graph.VocabularySize));
        }

        return rows;
    }

    /// <summary>Computes pieces of prompts until <paramref name="budget"/> tokens are spent.</summary>
    /// <returns>Tokens computed.</returns>
    private int Prefill(int budget)
    {
        var spent = 0;
        while (budget - spent >= SmallestPiece && (_running.HasPrompt || TryAdmit()))
        {
            var slot = _running.Decoding;
            var sequence = _running[slot];
            var wantsLogprobs = sequence.Request.Sampling.PromptLogprobs is not null && sequence.IsFirst;
            var piece = NextPiece(sequence, wantsLogprobs ? Math.Min(budget - spent, LogprobPiece) : budget - spent);
            var rows = wantsLogprobs ? piece.Length : 1;
            _graph.Prefill(_slots, slot, piece, sequence.Computed, rows, _logits);
            if (wantsLogprobs)
            {
                _chooser.ReadPrompt(sequence, _logits, rows);
            }

            sequence.Computed += piece.Length;
            spent += piece.Length;
            if (sequence.Computed == sequence.Tokens.Count)
            {
                _running.Promote();
                Advance(slot, _logits.AsSpan((rows - 1) * _graph.VocabularySize, _graph.VocabularySize));
            }
            else
            {
                _prefixes.Keep(sequence, slot);
            }
        }

        return spent;
    }

    private static int[] NextPiece(Sequence sequence, int limit)
    {
        var left = sequence.Tokens.Count - sequence.Computed;
        var count = Math.Min(left, limit);
        // A last piece of one token would run the decode kernels, which round differently.
        return [.. sequence.Tokens.GetRange(sequence.Computed, left - count == 1 && count > 1 ? count - 1 : count)];
    }

    /// <summary>Gives the first waiting sequence a slot, with what the prefix cache has of it.</summary>
    private bool TryAdmit()
    {
        if (_waiting.First is not { Value: var sequence } || !_running.TryAdd(sequence))
        {
            return false;
        }

        _waiting.RemoveFirst();
        sequence.ScheduledAt ??= _time.GetTimestamp();
        _prefixes.Take(sequence, _running.Count - 1);
        return true;
    }

    /// <summary>Adds the next token to a sequence whose tokens are all computed, and ends it where that was the last.</summary>
    private void Advance(int slot, Span<float> logits)
    {
        var sequence = _running[slot];
        _prefixes.Keep(sequence, slot);
        var output = _chooser.Choose(sequence, logits);
        if (output.FinishReason is null)
        {
            sequence.Write(output);
        }
        else
        {
            Leave(_running.Remove(slot), output);
        }
    }

    private void Leave(Sequence sequence, EngineOutput? last)
    {
        Interlocked.Decrement(ref _unfinished);
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

            foreach (var sequence in _running.All.Concat(_waiting))
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
            Volatile.Write(ref _unfinished, 0);
        }
    }
}
