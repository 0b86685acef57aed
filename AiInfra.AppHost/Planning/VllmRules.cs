namespace AiInfra.AppHost.Planning;

/// <summary>What changed in vLLM's accounting from release to release (read in its source history).</summary>
internal sealed record VllmRules(VllmVersion Version)
{
    /// <summary>Share of the device's memory taken when nothing is set: 0.9, and 0.92 since graphs are counted.</summary>
    public double DefaultUtilization => CountsCudaGraphs ? 0.92 : 0.9;

    /// <summary>Since 0.21 the estimate of CUDA-graph memory is taken off the pool; before, graphs came on top of it.</summary>
    public bool CountsCudaGraphs => Version.IsAtLeast(21, 0);

    /// <summary>Since 0.9.1 layers of several kinds share one pool in groups; before, every layer kept the whole length.</summary>
    public bool GroupsLayers => !Version.IsV0 && Version.IsAtLeast(9, 1);

    /// <summary>Chunked local attention (Llama 4) was kept out of the groups, for its latency, until 0.14.</summary>
    public bool GroupsChunkedLayers => GroupsLayers && Version.IsAtLeast(14, 0);

    /// <summary>
    /// Since 0.20 free memory of a unified GPU is what the whole host has left: the server's own processes count against the pool.
    /// </summary>
    public bool CountsHostMemoryOnUnified => Version.IsAtLeast(20, 0);

    /// <summary>
    /// Kinds whose layer counts differ by less than this factor form groups of the larger count; 1 means the smaller count always decides.
    /// </summary>
    public double GroupPaddingLimit => Version.IsAtLeast(18, 0) ? 1.5 : Version.IsAtLeast(12, 0) ? 1.25 : 1.0;

    /// <summary>
    /// Since 0.20.1 the printed token line is concurrency times the longest request; before, blocks per group times the smallest block.
    /// </summary>
    public bool PrintsTokensFromConcurrency => Version.IsAtLeast(20, 1);

    /// <summary>Since 0.9.1 concurrency counts whole blocks; before, it was tokens divided by the longest request.</summary>
    public bool CountsWholeBlocksPerRequest => Version.IsAtLeast(9, 1);

    /// <summary>V0 aligned the row of latent attention to 256 bytes.</summary>
    public int LatentRowAlignmentBytes => Version.IsV0 ? 256 : 1;

    /// <summary>
    /// Bytes per logit at the peak of the sampler's dummy run (one row a sequence). The sort of top-p holds 16-bit and 32-bit logits, sorted
    /// values, two index arrays and the sort's buffers: 38. Since 0.17 a Triton kernel filters in place: logits twice, probabilities, noise: 14.
    /// </summary>
    public int SamplerBytesPerLogit => Version.IsAtLeast(17, 0) ? 14 : 38;

    /// <summary>Prompt tokens and sequences of a step when the user sets neither.</summary>
    public (int BatchedTokens, int Sequences) BatchDefaults(GpuKind gpu, int contextTokens)
    {
        if (Version.IsV0)
        {
            // Since 0.5.4 chunked prefill came on by itself beyond 32 k; without it a whole prompt is one step.
            var chunk = Version.IsAtLeast(6, 5) ? 2048 : 512;
            return (contextTokens > 32768 && Version.IsAtLeast(5, 4) ? chunk : Math.Max(contextTokens, 2048), 256);
        }

        var large = gpu.UsableMemory >= Bytes.FromGibibytes(70)
            && (!gpu.Name.Contains("A100", StringComparison.OrdinalIgnoreCase) || !Version.IsAtLeast(9, 0));
        return large ? (8192, 1024) : (2048, 256);
    }
}
