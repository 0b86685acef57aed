using AiInfra.LocalVllm.Engine;
using AiInfra.LocalVllm.Generation;

namespace AiInfra.LocalVllm.Metrics;

/// <summary>What the API server counts about requests, under the same rules as vLLM: a client that leaves is counted nowhere but in the tokens it got.</summary>
internal sealed class ServingMetrics(TimeProvider time, int maxModelLength)
{
    private readonly long[] _finished = new long[FinishedReasons.Length];
    private readonly Dictionary<string, long> _rejected = new() { ["max_num_queued_reqs"] = 0, ["max_num_queued_tokens"] = 0 };
    private long _promptTokens;
    private long _cachedTokens;
    private long _generationTokens;

    public static string[] FinishedReasons { get; } = ["stop", "length", "abort", "error", "repetition"];

    /// <summary>Unix seconds of the start: the value of every <c>_created</c> series.</summary>
    public double CreatedAt { get; } = time.GetUtcNow().ToUnixTimeMilliseconds() / 1000.0;

    public long PromptTokens => Interlocked.Read(ref _promptTokens);

    public long CachedTokens => Interlocked.Read(ref _cachedTokens);

    public long GenerationTokens => Interlocked.Read(ref _generationTokens);

    public Histogram RequestPromptTokens { get; } = new(Buckets.Tokens(maxModelLength));

    public Histogram RequestGenerationTokens { get; } = new(Buckets.Tokens(maxModelLength));

    public Histogram IterationTokens { get; } = new(Buckets.StepTokens);

    public Histogram MaxGenerationTokens { get; } = new(Buckets.Tokens(maxModelLength));

    public Histogram ParamsN { get; } = new(Buckets.Choices);

    public Histogram ParamsMaxTokens { get; } = new(Buckets.Tokens(maxModelLength));

    public Histogram FirstToken { get; } = new(Buckets.FirstTokenSeconds);

    public Histogram InterToken { get; } = new(Buckets.TokenSeconds);

    public Histogram TimePerOutputToken { get; } = new(Buckets.TokenSeconds);

    public Histogram EndToEnd { get; } = new(Buckets.RequestSeconds);

    public Histogram Queue { get; } = new(Buckets.RequestSeconds);

    public Histogram Inference { get; } = new(Buckets.RequestSeconds);

    public Histogram PrefillTime { get; } = new(Buckets.RequestSeconds);

    public Histogram DecodeTime { get; } = new(Buckets.RequestSeconds);

    public Histogram Preemptions { get; } = new(Buckets.Preemptions);

    public Histogram PrefillComputedTokens { get; } = new(Buckets.Tokens(maxModelLength));

    /// <summary>Begins to measure a request.</summary>
    public RequestMeter Begin(TextRequest request) => new(this, time, request.Choices, request.Sampling.MaxTokens);

    public long Finished(int reason) => Interlocked.Read(ref _finished[reason]);

    public long Rejections(string reason)
    {
        lock (_rejected)
        {
            return _rejected[reason];
        }
    }

    /// <summary>A request was refused for want of queue space.</summary>
    public void Rejected(string reason)
    {
        lock (_rejected)
        {
            _rejected[reason]++;
        }
    }

    internal void Prefilled(int promptTokens, int cachedTokens)
    {
        Interlocked.Add(ref _promptTokens, promptTokens);
        Interlocked.Add(ref _cachedTokens, cachedTokens);
    }

    internal void Generated() => Interlocked.Increment(ref _generationTokens);

    internal void Finished(FinishReason reason) => Interlocked.Increment(ref _finished[(int)reason]);
}
