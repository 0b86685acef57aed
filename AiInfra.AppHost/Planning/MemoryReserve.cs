namespace AiInfra.AppHost.Planning;

/// <summary>What vLLM keeps free beside weights and cache: the peak of its profile run, memory outside PyTorch, CUDA graphs.</summary>
internal static class MemoryReserve
{
    // Measured starts print 0.13 to 0.15 GiB on one GPU and about 0.55 GiB where NCCL and its buffers come in.
    private static readonly Bytes OutsideTorchAlone = Bytes.FromGibibytes(0.14);
    private static readonly Bytes OutsideTorchTogether = Bytes.FromGibibytes(0.58);

    // A captured graph costs its nodes: about this much for a layer, more where experts bring work spaces of their own.
    private const double GraphMebibytesPerDenseLayer = 0.2;
    private const double GraphMebibytesPerExpertLayer = 0.6;

    // On unified memory the host's side of loading counts too: staging buffers and pages of the checkpoint that are still mapped.
    private const double HostShareOfWeights = 0.05;

    public static Bytes OutsideTorch(GpuKind gpu, Parallelism parallel, VllmRules rules, Bytes weights) =>
        (parallel.Tensor * parallel.Pipeline > 1 ? OutsideTorchTogether : OutsideTorchAlone)
        + (gpu.IsUnified && rules.CountsHostMemoryOnUnified ? weights * HostShareOfWeights : Bytes.Zero);

    /// <summary>Peak of the dummy run: the widest layer, or the sampler's sort over all sequences, or the image encoder.</summary>
    public static Bytes Activation(ModelShape model, Parallelism parallel, ServingSettings settings)
    {
        double tokens = settings.BatchedTokens;
        var element = model.ElementBytes;
        var forward = tokens * element * ((3.0 * model.HiddenSize) + model.Layers.Max(layer => LayerWidth(model, layer, parallel)));
        var sequences = Math.Min(settings.Sequences, settings.BatchedTokens);
        var sampler = ((double)sequences * model.VocabularySize * settings.Rules.SamplerBytesPerLogit) + (2 * tokens * model.HiddenSize * element);
        var (encoder, embeddings) = Encoder(model, parallel, settings);
        return Bytes.Of(Math.Max(Math.Max(forward, sampler) + embeddings, encoder + embeddings));
    }

    /// <summary>Memory of captured graphs, 0 in eager mode and on ROCm, which counts none.</summary>
    public static Bytes Graphs(ModelShape model, GpuKind gpu, ServingSettings settings)
    {
        if (settings.Eager || gpu.IsAmd)
        {
            return Bytes.Zero;
        }

        var perStep = 1 + settings.DraftTokens;
        var limit = Math.Min(model.ModelType == "gpt_oss" ? 1024 : 512, Math.Min(settings.BatchedTokens, settings.Sequences * perStep * 2));
        var graphs = CaptureSizes(limit) + CaptureSizes(Math.Min(limit, settings.Sequences * perStep));
        var mebibytes = model.Layers.Sum(layer => layer.FeedForward.Experts > 0 ? GraphMebibytesPerExpertLayer : GraphMebibytesPerDenseLayer);
        return Bytes.Of(graphs * mebibytes * (1 << 20));
    }

    /// <summary>Batch sizes that vLLM captures: 1, 2, 4, eights up to 256, sixteens beyond.</summary>
    private static int CaptureSizes(int limit) => limit < 8
        ? (limit >= 4 ? 3 : Math.Max(1, limit))
        : 3 + (Math.Min(limit, 255) / 8) + (limit < 256 ? 0 : ((limit - 256) / 16) + 1);

    private static double LayerWidth(ModelShape model, LayerShape layer, Parallelism parallel)
    {
        var shape = layer.FeedForward;
        var dense = 3.0 * Math.Max(shape.DenseSize, shape.SharedSize) / parallel.Tensor;
        double expertSize = parallel.SharesExperts ? shape.ExpertSize : (double)shape.ExpertSize / parallel.Tensor;
        var experts = shape.ExpertsPerToken * (Math.Max(2 * expertSize, shape.LatentSize > 0 ? shape.LatentSize : model.HiddenSize) + expertSize);
        var attention = layer.Attention is { } heads
            ? 3.0 / parallel.Tensor * ((heads.QueryHeads * (heads.HeadSize + heads.RotaryHeadSize) * (heads.IsGated ? 2 : 1))
                + (2.0 * heads.KeyValueHeads * heads.HeadSize))
            : 0;
        var state = layer.State is { } recurrent
            ? ((2.0 * recurrent.KeyHeads * recurrent.KeyHeadSize) + (9.0 * recurrent.ValueHeads * recurrent.ValueHeadSize)) / parallel.Tensor
            : 0;
        return Math.Max(Math.Max(dense, experts), Math.Max(attention, state));
    }

    private static (double Encoder, double Embeddings) Encoder(ModelShape model, Parallelism parallel, ServingSettings settings)
    {
        if (model.Vision is not { } vision || settings.Rules.Version.IsV0)
        {
            return (0, 0);
        }

        var items = Math.Max(1, settings.BatchedTokens / vision.TokensPerItem);
        double patches = (double)items * vision.PatchesPerItem;
        // Two hidden-wide residual streams, queries, keys, values and their rotated copies, and the two-fold feed-forward part.
        var widths = (2.0 * vision.IntermediateSize / parallel.Tensor) + (6.0 * vision.HiddenSize);
        return (patches * widths * 2, (double)items * vision.TokensPerItem * model.HiddenSize * model.ElementBytes);
    }
}
