namespace AiInfra.AppHost.Planning;

/// <summary>
/// Speed from bytes and operations: a step takes the longer of reading its bytes and doing its arithmetic, at the efficiencies below, plus
/// a fixed cost for every layer's kernels and every exchange between ranks. The constants are common to all models and GPUs; they were set
/// on published rows as a whole.
/// </summary>
internal sealed class Roofline(ModelShape model, WeightPrecision precision, GpuKind gpu, Parallelism parallel, MemoryPlan memory)
{
    /// <summary>Share of nominal bandwidth that decoding reaches (seen: 0.7 to 0.95).</summary>
    public const double BandwidthEfficiency = 0.85;

    /// <summary>Share of nominal dense operations that prefill reaches (seen: 0.3 to 0.6).</summary>
    public const double ComputeEfficiency = 0.5;

    private const double StepSeconds = 0.5e-3;
    private const double DenseLayerSeconds = 15e-6;
    private const double ExpertLayerSeconds = 100e-6;
    private const double ExchangeSeconds = 15e-6;

    private double ActivePerRank => memory.Weights.ActiveParameters / parallel.Tensor;

    private double Flops => gpu.Flops(precision.ComputeBits) * ComputeEfficiency;

    /// <summary>
    /// Seconds for one token of each of <paramref name="sequences"/> requests that hold <paramref name="contextTokens"/> each, without
    /// prefill beside it.
    /// </summary>
    public double DecodeStep(double sequences, double contextTokens)
    {
        var cache = sequences * CacheRead(contextTokens);
        var read = ((memory.Weights.ReadPerStep(sequences) * parallel.Pipeline) + cache) / (gpu.BandwidthBytesPerSecond * BandwidthEfficiency);
        var arithmetic = 2 * ActivePerRank * sequences / Flops;
        return Math.Max(read, arithmetic) + Overhead(sequences);
    }

    /// <summary>Seconds of prefill for a prompt of <paramref name="tokens"/> uncached tokens, alone on the engine.</summary>
    public double Prefill(double tokens)
    {
        var steps = Math.Max(1, Math.Ceiling(tokens / memory.Settings.BatchedTokens));
        var read = memory.Weights.ReadPerStep(tokens) * parallel.Pipeline / (gpu.BandwidthBytesPerSecond * BandwidthEfficiency);
        return (Math.Max(steps * read, PrefillArithmetic(tokens))) + (steps * Overhead(Math.Min(tokens, memory.Settings.BatchedTokens)));
    }

    /// <summary>
    /// Mean seconds per output token when <paramref name="sequences"/> requests run, each with so many prompt and answer tokens: every step
    /// also carries the prefill of those who arrive.
    /// </summary>
    public double TokenSeconds(double sequences, double promptTokens, double answerTokens) =>
        DecodeStep(sequences, promptTokens + (answerTokens / 2)) + (sequences / answerTokens * PrefillArithmetic(promptTokens));

    /// <summary>Output tokens per second of one replica with <paramref name="sequences"/> requests in flight.</summary>
    public double OutputPerSecond(double sequences, double promptTokens, double answerTokens) =>
        sequences * answerTokens / (Prefill(promptTokens) + (answerTokens * TokenSeconds(sequences, promptTokens, answerTokens)));

    private double PrefillArithmetic(double tokens)
    {
        var attention = model.Layers.Where(layer => layer.Attention is not null).Sum(layer =>
        {
            var shape = layer.Attention!;
            var seen = shape.WindowTokens > 0 ? Math.Min(shape.WindowTokens, tokens / 2) : tokens / 2;
            return 2.0 * shape.QueryHeads * (shape.HeadSize + shape.RotaryHeadSize + shape.ValueHeadSize) * seen;
        });
        return tokens * ((2 * ActivePerRank) + (attention / parallel.Tensor)) / Flops;
    }

    private double CacheRead(double contextTokens)
    {
        var windows = memory.Layout.Groups.Where(group => group.Kind is CacheKind.Sliding or CacheKind.Chunked)
            .Sum(group => (double)group.PageBytes / group.BlockTokens * Math.Min(group.WindowTokens, contextTokens) * group.Layers.Count);
        var states = memory.Layout.Groups.Where(group => group.Kind == CacheKind.State).Sum(group => 2.0 * group.PageBytes * group.Layers.Count);
        return (memory.Layout.GrowthBytesPerToken * contextTokens / parallel.ContextRanks) + (model.IsCompressedSparse ? 0 : windows) + states;
    }

    private double Overhead(double tokens)
    {
        var layers = model.Layers.Sum(layer => layer.FeedForward.Experts > 0 ? ExpertLayerSeconds : DenseLayerSeconds);
        if (parallel.Tensor == 1)
        {
            return StepSeconds + layers;
        }

        // Two sums over all ranks a layer, each moving the hidden states twice.
        var bytes = 2.0 * tokens * model.HiddenSize * model.ElementBytes;
        return StepSeconds + layers + (model.Layers.Count * 2 * (ExchangeSeconds + (bytes / LinkBytesPerSecond)));
    }

    /// <summary>NVLink on data-centre parts, PCIe elsewhere.</summary>
    private double LinkBytesPerSecond => gpu.Capability is "8.0" or "9.0" or "10.0" or "10.3" or "gfx942" or "gfx950" ? 300e9 : 20e9;
}
