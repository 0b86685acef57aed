namespace AiInfra.AppHost.Planning;

/// <summary>Weights of one layer on one rank, in elements by how they are stored.</summary>
/// <param name="Dense">Matrices of dense feed-forward parts and shared experts.</param>
/// <param name="Experts">Matrices of routed experts.</param>
/// <param name="Attention">Projections of attention and recurrent layers.</param>
/// <param name="Plain">What no quantization touches: routers, indexers, convolutions, absorbed latent projections.</param>
internal readonly record struct LayerWeights(double Dense, double Experts, double Attention, double Plain)
{
    public double Bytes(WeightPrecision precision, int elementBytes) =>
        ((Dense * precision.DenseBits) + (Experts * precision.ExpertBits) + (Attention * precision.AttentionBits)) / 16 * elementBytes
        + (Plain * elementBytes);

    public double Parameters => Dense + Experts + Attention + Plain;

    public static LayerWeights Count(ModelShape model, LayerShape layer, Parallelism parallel, MixedExpertPadding padding)
    {
        var hidden = (double)model.HiddenSize;
        var (dense, experts, router) = CountFeedForward(hidden, layer.FeedForward, parallel, padding);
        var (attention, plain) = layer.Attention is { } shape ? CountAttention(hidden, shape, parallel.Tensor) : (0, 0);
        var (state, stateplain) = layer.State is { } recurrent ? CountState(hidden, recurrent, parallel.Tensor) : (0, 0);
        return new LayerWeights(dense, experts, attention + state, router + plain + stateplain + (4 * hidden));
    }

    private static (double Dense, double Experts, double Router) CountFeedForward(
        double hidden, FeedForwardShape shape, Parallelism parallel, MixedExpertPadding padding)
    {
        var dense = shape.Matrices * hidden * (shape.DenseSize + shape.SharedSize) / parallel.Tensor;
        if (shape.Experts == 0)
        {
            return (dense, 0, 0);
        }

        var expertHidden = padding.Hidden(shape.LatentSize > 0 ? shape.LatentSize : hidden);
        var latent = shape.LatentSize > 0 ? 2 * hidden * shape.LatentSize : 0;
        var expert = parallel.SharesExperts
            ? shape.Experts * shape.Matrices * expertHidden * padding.Intermediate(shape.ExpertSize) / (parallel.Tensor * parallel.Data)
            : shape.Experts * shape.Matrices * expertHidden * padding.Intermediate((double)shape.ExpertSize / parallel.Tensor);
        return (dense, expert, (hidden * shape.Experts) + latent);
    }

    private static (double Quantized, double Plain) CountAttention(double hidden, AttentionShape shape, int tensor)
    {
        double heads = (double)shape.QueryHeads / tensor;
        switch (shape.Kind)
        {
            case AttentionKind.Latent:
                var queryWidth = shape.HeadSize + shape.RotaryHeadSize;
                var query = shape.QueryLatentRank > 0
                    ? (hidden * shape.QueryLatentRank) + (shape.QueryLatentRank * heads * queryWidth)
                    : hidden * heads * queryWidth;
                var latent = hidden * (shape.LatentRank + shape.RotaryHeadSize);
                var expand = shape.LatentRank * heads * (shape.HeadSize + shape.ValueHeadSize);
                // vLLM keeps 16-bit copies of the expanding matrix in the order that decoding needs.
                return (query + latent + expand + (heads * shape.ValueHeadSize * hidden), expand + Indexer(hidden, shape));
            case AttentionKind.Compressed:
                var projections = (hidden * shape.QueryLatentRank) + (shape.QueryLatentRank * heads * shape.HeadSize) + (hidden * shape.HeadSize)
                    + (heads * shape.HeadSize * shape.OutputLatentRank) + ((double)shape.OutputGroups * shape.OutputLatentRank / tensor * hidden);
                var compressor = shape.CompressionRatio > 1 ? 4 * hidden * shape.HeadSize : 0;
                return (projections, compressor + (shape.CompressionRatio == 4 ? Indexer(hidden, shape) : 0));
            default:
                var keyValueHeads = Math.Max(1, shape.KeyValueHeads / tensor);
                var inputs = hidden * ((heads * shape.HeadSize * (shape.IsGated ? 2 : 1)) + (keyValueHeads * (shape.HeadSize + shape.ValueHeadSize)));
                return (inputs + (heads * shape.ValueHeadSize * hidden), 0);
        }
    }

    private static double Indexer(double hidden, AttentionShape shape) => shape.IndexerHeadSize == 0 || !shape.KeepsIndexerCache
        ? 0
        : (shape.QueryLatentRank * (double)shape.IndexerHeadSize * shape.IndexerHeads) + (hidden * (shape.IndexerHeadSize + shape.IndexerHeads));

    private static (double Quantized, double Plain) CountState(double hidden, StateShape state, int tensor)
    {
        double keys = state.KeyHeads * state.KeyHeadSize, values = state.ValueHeads * state.ValueHeadSize;
        return state.Kind switch
        {
            StateKind.GatedDelta => (
                hidden * ((2 * keys) + (3 * values)) / tensor,
                ((2 * hidden * state.ValueHeads) + (((2 * keys) + values) * state.Kernel)) / tensor),
            StateKind.DeltaAttention or StateKind.LinearAttention => (5 * hidden * values / tensor, 3 * values * state.Kernel / tensor),
            StateKind.ShortConvolution => (4 * hidden * state.InnerSize / tensor, state.InnerSize * state.Kernel / (double)tensor),
            StateKind.Mamba1 => (
                ((3 * hidden * state.InnerSize) + (2.0 * state.KeyHeadSize * state.InnerSize) + (hidden / 8 * state.InnerSize)) / tensor,
                0),
            _ => (
                hidden * ((3.0 * state.InnerSize) + (2 * keys) + state.ValueHeads) / tensor,
                (state.InnerSize + (2 * keys)) * state.Kernel / tensor),
        };
    }
}
