using AiInfra.LocalVllm.Engine;

namespace AiInfra.LocalVllm.SmolLm2;

/// <summary>A real small model in this process: the embedded SmolLM2-135M-Instruct, or another folder of the same kind, by ONNX Runtime.</summary>
internal sealed partial class SmolLm2Engine(SmolLm2Settings settings, TimeProvider time, ILogger<SmolLm2Engine> logger) : IInferenceEngine
{
    /// <summary>Tokens of all running sequences together, unless the context is longer or <c>--num-gpu-blocks-override</c> says otherwise: 377 MB.</summary>
    private const int DefaultRunningTokens = 8192;

    /// <summary>Answer tokens of a chat that sets no limit: this model may ramble to the end of its context.</summary>
    private const int DefaultAnswerTokens = 256;

    private readonly CancellationTokenSource _stopping = new();
    private readonly TaskCompletionSource _stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly GrammarCache _grammars = new();
    private readonly Random _seeds = new(unchecked((int)(settings.Seed ^ (settings.Seed >> 32))));
    private Loaded? _loaded;

    public EngineModel Model => Engine.Model;

    public ITextTokenizer Tokenizer => Engine.Tokenizer;

    public Action<int>? StepCompleted { get; set; }

    public EngineStatus Status
    {
        get
        {
            var loop = Engine.Loop;
            var counters = loop.Counters;
            var running = counters.Running;
            return new EngineStatus
            {
                Alive = !loop.IsDead,
                Running = running,
                Waiting = Math.Max(0, loop.Unfinished - running),
                KvCacheUsage = counters.Usage,
                PrefixCacheQueries = counters.LookedUp,
                PrefixCacheHits = counters.Found,
                Preemptions = counters.Preemptions,
            };
        }
    }

    private Loaded Engine => _loaded ?? throw new InvalidOperationException("The engine was not started.");

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        try
        {
            _loaded = await Task.Run(Load, cancellationToken);
        }
        catch (ModelFolderException problem)
        {
            throw new EngineStartException(problem.Message);
        }

        // A thread of its own: the runtime's work on it must not wait for the pool, nor take a thread from it.
        new Thread(RunLoop) { IsBackground = true, Name = "smollm2" }.Start(_loaded.Loop);
    }

    public void Check(SamplingParameters sampling)
    {
        if (sampling.Constraint is { } constraint)
        {
            Grammar(constraint);
        }
    }

    public IAsyncEnumerable<EngineOutput> GenerateAsync(EngineRequest request, CancellationToken cancellationToken)
    {
        if (request.Prompt.AsSpan().ContainsAnyExceptInRange(0, Engine.Graph.VocabularySize - 1))
        {
            throw new EngineRequestException("The prompt contains a token id that is out of vocabulary.");
        }

        var grammar = request.Sampling.Constraint is { } constraint ? new GrammarState(Grammar(constraint), Engine.Trie.Value, Engine.Tokenizer) : null;
        return StreamAsync(new Sequence(request, new SequenceSampling(request, DrawSeed(), grammar), time.GetTimestamp()), cancellationToken);
    }

    public bool TryResetPrefixCache() => Engine.Loop.TryResetPrefixes();

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        if (_loaded is { } loaded)
        {
            await _stopped.Task;
            loaded.Loop.Dispose();
            loaded.Graph.Dispose();
        }

        _stopping.Dispose();
    }

    private async IAsyncEnumerable<EngineOutput> StreamAsync(
        Sequence sequence, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        Engine.Loop.Submit(sequence);
        try
        {
            await foreach (var output in sequence.Outputs.ReadAllAsync(cancellationToken))
            {
                yield return output;
            }
        }
        finally
        {
            sequence.Cancel();
        }
    }

    private GrammarAutomaton Grammar(OutputConstraint constraint)
    {
        try
        {
            return _grammars.Get(constraint);
        }
        catch (GrammarException problem)
        {
            throw new EngineRequestException(problem.Message);
        }
    }

    private long DrawSeed()
    {
        lock (_seeds)
        {
            return _seeds.NextInt64();
        }
    }

    private Loaded Load()
    {
        var started = time.GetTimestamp();
        var folder = ModelFolder.Open(settings.ModelFolder);
        var context = Context(folder);
        var runningTokens = RunningTokens(context);
        var tokenizer = new ByteLevelTokenizer(folder);
        var graph = new DecoderGraph(folder, settings.Threads);
        try
        {
            var blockBytes = (long)graph.Shape.BytesPerToken * settings.BlockSize;
            var prefixBlocks = (int)((settings.BlockCount - 1) ?? settings.PrefixCacheMebibytes * 1024L * 1024 / blockBytes);
            var prefixes = settings.PrefixCaching && prefixBlocks > 0 ? new PrefixCache(graph.Shape, settings.BlockSize, prefixBlocks) : null;
            var sampler = new Sampler(graph.VocabularySize, folder.Facts.StopTokenIds);
            var loop = new StepLoop(graph, settings, runningTokens, prefixes, sampler, time) { StepCompleted = tokens => StepCompleted?.Invoke(tokens) };
            var blocks = prefixes is null ? runningTokens / settings.BlockSize : prefixBlocks;
            var model = new EngineModel(
                OwnedBy: "aiinfra-localvllm", ModelNotice.For(folder), context, prefixes is null ? 0 : settings.BlockSize, blocks + 1)
            {
                Defaults = new GenerationDefaults(Temperature: 0.2, TopP: 0.9, MaxTokens: Math.Min(DefaultAnswerTokens, context)),
            };
            var seconds = time.GetElapsedTime(started).TotalSeconds;
            LogLoaded(
                folder.Path,
                folder.IsChecked ? "checksums fit" : "no checksums to check",
                seconds,
                settings.Threads,
                context,
                (runningTokens * (long)graph.Shape.BytesPerToken) >> 20,
                prefixes is null ? 0 : (prefixBlocks * blockBytes) >> 20);
            LogNotice(model.Notice);
            return new Loaded(model, tokenizer, graph, loop, new Lazy<TokenTrie>(() => new TokenTrie(tokenizer)));
        }
        catch
        {
            graph.Dispose();
            throw;
        }
    }

    private int Context(ModelFolder folder)
    {
        var limit = folder.MaxPositions;
        if ((settings.MaxModelLength ?? limit) is not { } context)
        {
            throw new EngineStartException(
                $"{folder.Path} does not say how long a context may be (config.json, max_position_embeddings): pass --max-model-len.");
        }

        return context > 0 && context <= (limit ?? context)
            ? context
            : throw new EngineStartException($"--max-model-len {context}: this model takes 1 to {limit} tokens.");
    }

    private int RunningTokens(int context)
    {
        if (settings.BlockCount is not { } blocks)
        {
            return Math.Max(DefaultRunningTokens, context);
        }

        var tokens = (blocks - 1) * settings.BlockSize;
        return tokens >= context
            ? tokens
            : throw new EngineStartException(
                $"--num-gpu-blocks-override {blocks} holds {tokens} tokens, less than one context of {context}: raise it or lower --max-model-len.");
    }

    private void RunLoop(object? loop)
    {
        try
        {
            ((StepLoop)loop!).Run(_stopping.Token);
        }
        // Whatever it was, the engine is dead and says so; an exception that left this thread would take the process with it.
        catch (Exception problem)
        {
            LogDied(problem);
        }
        finally
        {
            _stopped.SetResult();
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Model {Folder} loaded ({Checksums}) in {Seconds:0.0} s: {Threads} thread(s), context "
        + "{Context} tokens, at most {RunningMebibytes} MiB for running sequences and {PrefixMebibytes} MiB for prefixes")]
    private partial void LogLoaded(string folder, string checksums, double seconds, int threads, int context, long runningMebibytes, long prefixMebibytes);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Notice}")]
    private partial void LogNotice(string notice);

    [LoggerMessage(Level = LogLevel.Critical, Message = "The engine died")]
    private partial void LogDied(Exception problem);

    private sealed record Loaded(EngineModel Model, ByteLevelTokenizer Tokenizer, DecoderGraph Graph, StepLoop Loop, Lazy<TokenTrie> Trie);
}
