using System.Runtime.CompilerServices;
using System.Text;
using System.Threading.Channels;
using AiInfra.LocalVllm.Engine;
using AiInfra.LocalVllm.Kv;
using AiInfra.LocalVllm.Scheduling;

namespace AiInfra.LocalVllm.Simulation;

/// <summary>vLLM's scheduler in real time (or faster), with answers taken from the prompt instead of a model.</summary>
internal sealed class SimulatedEngine(SimulationSettings settings, ITextTokenizer tokenizer, KvEventPublisher? kvEvents, TimeProvider time) : IInferenceEngine
{
    private readonly Scheduler _scheduler = new(settings.Scheduler);
    private readonly AnswerWriter _writer = new(settings.ScriptedAnswers);
    private readonly Lock _gate = new();
    private readonly SemaphoreSlim _wake = new(0, 1);
    private readonly CancellationTokenSource _stopping = new();
    private readonly HashSet<LiveSequence> _live = [];
    private readonly long _startedAt = time.GetTimestamp();
    private Task _loop = Task.CompletedTask;
    private bool _dead;
    private bool _hung;

    public EngineModel Model { get; } = new(
        "aiinfra-simulator",
        "This is a simulator: it quotes the passages of the prompt that bear on the last question, and no model is run.",
        settings.MaxModelLength,
        settings.Scheduler.BlockSize,
        settings.Scheduler.BlockCount);

    public ITextTokenizer Tokenizer => tokenizer;

    public Action<int>? StepCompleted { get; set; }

    public EngineStatus Status
    {
        get
        {
            lock (_gate)
            {
                return new EngineStatus
                {
                    Alive = !_dead,
                    Running = _scheduler.Running,
                    Waiting = _scheduler.Waiting,
                    Deferred = Math.Min(_scheduler.Deferred, _scheduler.Waiting),
                    RunningAdapters = string.Join(',', _scheduler.Adapters(running: true)),
                    WaitingAdapters = string.Join(',', _scheduler.Adapters(running: false)),
                    KvCacheUsage = _scheduler.KvCacheUsage,
                    PrefixCacheQueries = _scheduler.PrefixCacheQueries,
                    PrefixCacheHits = _scheduler.PrefixCacheHits,
                    Preemptions = _scheduler.Preemptions,
                };
            }
        }
    }

    public Task StartAsync(CancellationToken cancellationToken)
    {
        if ((settings.Scheduler.BlockCount - 1L) * settings.Scheduler.BlockSize < settings.MaxModelLength)
        {
            throw new EngineStartException(
                $"--max-model-len {settings.MaxModelLength} does not fit the cache of {settings.Scheduler.BlockCount} blocks of "
                + $"{settings.Scheduler.BlockSize} tokens: lower it, or raise --num-gpu-blocks-override.");
        }

        kvEvents?.Follow(_scheduler);
        _loop = RunAsync(_stopping.Token);
        return Task.CompletedTask;
    }

    public void Check(SamplingParameters sampling)
    {
        // It writes something for every constraint.
    }

    public async IAsyncEnumerable<EngineOutput> GenerateAsync(EngineRequest request, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var plan = Plan(request);
        var live = new LiveSequence(request, plan);
        var sequence = live.Sequence;
        lock (_gate)
        {
            if (_dead)
            {
                throw new EngineDeadException();
            }

            _scheduler.Add(sequence, Now());
            _live.Add(live);
        }

        Wake();
        try
        {
            var reader = live.Outputs.Reader;
            while (await reader.WaitToReadAsync(cancellationToken))
            {
                while (reader.TryRead(out var output))
                {
                    yield return output;
                }
            }
        }
        finally
        {
            lock (_gate)
            {
                _scheduler.Abort(sequence);
                _live.Remove(live);
            }
        }
    }

    /// <summary>The engine process is gone: everything that runs or comes fails.</summary>
    public void Kill()
    {
        lock (_gate)
        {
            _dead = true;
            foreach (var live in _live)
            {
                live.Outputs.Writer.TryComplete(new EngineDeadException());
            }
        }
    }

    /// <summary>The engine process is stopped (or goes on): nothing moves, and nothing outside can tell.</summary>
    public void Hang(bool hung)
    {
        lock (_gate)
        {
            _hung = hung;
        }

        Wake();
    }

    /// <summary>Takes a share of the free cache away from sequences, as if others filled it; 0 gives it back.</summary>
    public void Occupy(double share)
    {
        lock (_gate)
        {
            _scheduler.Occupy(share);
        }

        Wake();
    }

    /// <summary>Ends everything that runs or waits as a shutdown without a time-out does: it looks like success.</summary>
    public void AbortAll()
    {
        lock (_gate)
        {
            foreach (var live in _live)
            {
                _scheduler.Abort(live.Sequence);
                live.Outputs.Writer.TryWrite(new EngineOutput(null) { FinishReason = FinishReason.Abort });
                live.Outputs.Writer.TryComplete();
            }
        }
    }

    public bool TryResetPrefixCache()
    {
        lock (_gate)
        {
            return _scheduler.TryResetPrefixCache();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _loop.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        kvEvents?.Dispose();
        _stopping.Dispose();
        _wake.Dispose();
    }

    private AnswerPlan Plan(EngineRequest request)
    {
        var seed = request.Sampling.Seed ?? settings.Seed;
        var random = new Random(unchecked((int)(seed ^ (seed >> 32) ^ request.Prompt.Length)));
        var text = request.Sampling.Constraint is { } constraint
            ? ConstrainedText.Write(constraint)
            : _writer.Write(request, request.Turns is null ? Text(request.Prompt) : "", random);
        return AnswerPlan.From(tokenizer.Encode(text), request.Sampling, tokenizer);
    }

    private string Text(int[] tokens)
    {
        var bytes = new List<byte>(tokens.Length * 4);
        foreach (var token in tokens)
        {
            bytes.AddRange(tokenizer.Bytes(token));
        }

        return Encoding.UTF8.GetString([.. bytes]);
    }

    private async Task RunAsync(CancellationToken cancellationToken)
    {
        var gained = new List<Sequence>();
        var ends = Now();
        while (!cancellationToken.IsCancellationRequested)
        {
            double seconds;
            int tokens;
            lock (_gate)
            {
                // A late timer is made up for by the next steps; a long stall is not.
                var begins = Math.Max(ends, Now() - 0.05 * settings.Speed);
                var step = _hung || _dead ? null : _scheduler.Step(begins);
                kvEvents?.Flush();
                if (step is not { Idle: false })
                {
                    gained.Clear();
                    tokens = 0;
                    seconds = -1;
                }
                else
                {
                    gained.Clear();
                    gained.AddRange(step.Gained);
                    seconds = step.Seconds;
                    tokens = step.PrefillTokens + step.Gained.Count;
                    ends = begins + seconds;
                }
            }

            if (seconds < 0)
            {
                await _wake.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                ends = Now();
                continue;
            }

            var ahead = TimeSpan.FromSeconds((ends - Now()) / settings.Speed);
            if (ahead > TimeSpan.FromMilliseconds(0.5))
            {
                await Task.Delay(ahead, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }

            Deliver(gained);
            StepCompleted?.Invoke(tokens);
        }
    }

    private void Deliver(List<Sequence> gained)
    {
        foreach (var sequence in gained)
        {
            var live = (LiveSequence)sequence.Tag!;
            var output = Output(live);
            live.Outputs.Writer.TryWrite(output);
            // Not by the sequence's state: one that is being aborted is finished too, and its last word is still to come.
            if (output.FinishReason is not null)
            {
                live.Outputs.Writer.TryComplete();
            }
        }
    }

    private EngineOutput Output(LiveSequence live)
    {
        var sequence = live.Sequence;
        var sampling = live.Request.Sampling;
        var token = sequence.LastToken;
        var last = sequence.Generated == sequence.AnswerTokens;
        return new EngineOutput(token)
        {
            Logprobs = sampling.Logprobs is { } top ? SimulatedLogprobs.For(token, sequence.Generated, top, tokenizer.VocabularySize) : null,
            FinishReason = last ? live.Plan.Finish : null,
            StopToken = last ? live.Plan.StopToken : null,
            Preemptions = sequence.Preemptions,
            Prefill = sequence.Generated > 1 ? null : new PrefillReport(sequence.CachedTokens, Timestamp(sequence.ArrivedAt), Timestamp(sequence.ScheduledAt))
            {
                CreatedCacheTokens = sequence.CreatedCacheTokens,
                PromptLogprobs = sampling.PromptLogprobs is { } promptTop
                    ? SimulatedLogprobs.ForPrompt(live.Request.Prompt, promptTop, tokenizer.VocabularySize)
                    : null,
            },
        };
    }

    private double Now() => time.GetElapsedTime(_startedAt).TotalSeconds * settings.Speed;

    private long Timestamp(double now) => _startedAt + (long)(now / settings.Speed * time.TimestampFrequency);

    private void Wake()
    {
        if (_wake.CurrentCount == 0)
        {
            try
            {
                _wake.Release();
            }
            catch (SemaphoreFullException)
            {
                // Another request woke the loop at the same moment.
            }
        }
    }

    private sealed class LiveSequence
    {
        public LiveSequence(EngineRequest request, AnswerPlan plan)
        {
            Request = request;
            Plan = plan;
            var key = request.CacheSalt is null && request.Adapter is null ? 0 : BlockHash.Text($"{request.Adapter}\n{request.CacheSalt}");
            Sequence = new Sequence(request.Prompt, plan.Tokens)
            {
                Tag = this,
                Priority = request.Priority,
                CacheKey = key,
                CacheSalt = request.CacheSalt,
                Adapter = request.Adapter,
                ReadsPrefixCache = request.Sampling.PromptLogprobs is null,
            };
        }

        public EngineRequest Request { get; }

        public AnswerPlan Plan { get; }

        public Sequence Sequence { get; }

        public Channel<EngineOutput> Outputs { get; } = Channel.CreateUnbounded<EngineOutput>(new UnboundedChannelOptions { SingleReader = true });
    }
}
