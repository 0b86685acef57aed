namespace AiInfra.LocalVllm.Metrics;

/// <summary>Measures one request, which may be several sequences.</summary>
internal sealed class RequestMeter(ServingMetrics metrics, TimeProvider time, int choices, int maxTokens)
{
    private readonly Lock _gate = new();
    private int _finished;
    private int _longest;

    /// <summary>When the request came.</summary>
    public long ArrivedAt { get; } = time.GetTimestamp();

    /// <summary>Begins to measure one of its sequences.</summary>
    public SequenceMeter Sequence(int promptTokens) => new(metrics, this, time, promptTokens);

    /// <summary>One of its sequences is complete; the last one completes the request.</summary>
    internal void Finished(int tokens)
    {
        lock (_gate)
        {
            _longest = Math.Max(_longest, tokens);
            if (++_finished < choices)
            {
                return;
            }

            _finished = 0;
        }

        metrics.MaxGenerationTokens.Observe(_longest);
        metrics.ParamsN.Observe(choices);
        metrics.ParamsMaxTokens.Observe(maxTokens);
    }
}
