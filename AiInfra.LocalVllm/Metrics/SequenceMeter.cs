using AiInfra.LocalVllm.Engine;

namespace AiInfra.LocalVllm.Metrics;

/// <summary>Measures one sequence; used by the one reader of its outputs.</summary>
internal sealed class SequenceMeter(ServingMetrics metrics, RequestMeter request, TimeProvider time, int promptTokens)
{
    private PrefillReport? _prefill;
    private long _firstTokenAt;
    private long _lastTokenAt;
    private int _tokens;

    /// <summary>The prompt has been computed: comes with the first token, before <see cref="Token"/>.</summary>
    public void Prefilled(PrefillReport prefill)
    {
        _prefill = prefill;
        metrics.Prefilled(promptTokens, prefill.CachedTokens);
    }

    /// <summary>A token came.</summary>
    public void Token()
    {
        var now = time.GetTimestamp();
        if (_tokens++ == 0)
        {
            _firstTokenAt = now;
            metrics.FirstToken.Observe(Seconds(request.ArrivedAt, now));
        }
        else
        {
            metrics.InterToken.Observe(Seconds(_lastTokenAt, now));
        }

        _lastTokenAt = now;
        metrics.Generated();
    }

    /// <summary>The sequence is complete.</summary>
    /// <param name="reason">Why.</param>
    /// <param name="preemptions">How often it was sent back to the queue.</param>
    public void Finished(FinishReason reason, int preemptions)
    {
        metrics.Finished(reason);
        if (_prefill is not { } prefill)
        {
            return;
        }

        var decode = Seconds(_firstTokenAt, _lastTokenAt);
        metrics.EndToEnd.Observe(Seconds(request.ArrivedAt, _lastTokenAt));
        metrics.Queue.Observe(Seconds(prefill.QueuedAt, prefill.ScheduledAt));
        metrics.PrefillTime.Observe(Seconds(prefill.ScheduledAt, _firstTokenAt));
        metrics.DecodeTime.Observe(decode);
        metrics.Inference.Observe(Seconds(prefill.ScheduledAt, _lastTokenAt));
        metrics.TimePerOutputToken.Observe(_tokens > 1 ? decode / (_tokens - 1) : 0);
        metrics.RequestPromptTokens.Observe(promptTokens);
        metrics.RequestGenerationTokens.Observe(_tokens);
        metrics.Preemptions.Observe(preemptions);
        metrics.PrefillComputedTokens.Observe(promptTokens - prefill.CachedTokens);
        request.Finished(_tokens);
    }

    private double Seconds(long from, long to) => Math.Max(0, time.GetElapsedTime(from, to).TotalSeconds);
}
