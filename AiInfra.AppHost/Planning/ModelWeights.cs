namespace AiInfra.AppHost.Planning;

/// <summary>Weight memory of one rank, stage by stage, and what one decoding step reads of it.</summary>
internal sealed class ModelWeights
{
    private readonly ModelShape _model;
    private readonly WeightPrecision _precision;
    private readonly Parallelism _parallel;
    private readonly LayerWeights[] _layers;
    private readonly LayerWeights[] _drafts;
    private readonly double _scale;

    public ModelWeights(ModelShape model, WeightPrecision precision, Parallelism parallel, MixedExpertPadding padding, int draftLayers)
    {
        _model = model;
        _precision = precision;
        _parallel = parallel;
        _layers = [.. model.Layers.Select(layer => LayerWeights.Count(model, layer, parallel, padding))];
        _drafts = [.. model.DraftLayers.Take(draftLayers).Select(layer => LayerWeights.Count(model, layer, parallel, padding))];
        Parameters = CountParameters(model);
        // Where the publisher states a count that the shape does not reach, the difference is spread over the layers.
        _scale = model.StatedParameters is { } stated && model.IsCompressedSparse ? stated / Parameters : 1;
    }

    /// <summary>Parameters of the whole model, without drafter and encoder.</summary>
    public double Parameters { get; }

    /// <summary>Parameters that one token passes through.</summary>
    public double ActiveParameters => Parameters - _model.Layers.Sum(layer => IdleExperts(layer.FeedForward));

    public Bytes OnStage(int first, int count, bool isFirst, bool isLast)
    {
        var bytes = _layers.Skip(first).Take(count).Sum(layer => layer.Bytes(_precision, _model.ElementBytes)) * _scale;
        var embedding = Integers.RoundUp(_model.VocabularySize, 64) * (double)_model.HiddenSize / _parallel.Tensor * _model.ElementBytes;
        bytes += isFirst || (isLast && _model.TiesEmbeddings) ? embedding : 0;
        bytes += isLast && !_model.TiesEmbeddings ? embedding : 0;
        bytes += isFirst ? VisionParameters * 2.0 / _parallel.Tensor : 0;
        bytes += isLast ? _drafts.Sum(layer => layer.Bytes(_precision, _model.ElementBytes)) : 0;
        return Bytes.Of(bytes);
    }

    /// <summary>
    /// Weight bytes that a rank reads to decode <paramref name="sequences"/> tokens at once: experts only as far as some token chose them.
    /// </summary>
    public double ReadPerStep(double sequences)
    {
        var bytes = 0.0;
        for (var index = 0; index < _layers.Length; index++)
        {
            var shape = _model.Layers[index].FeedForward;
            var share = shape.Experts == 0 ? 1 : 1 - Math.Pow(1 - ((double)shape.ExpertsPerToken / shape.Experts), Math.Max(1, sequences));
            bytes += (_layers[index] with { Experts = _layers[index].Experts * share }).Bytes(_precision, _model.ElementBytes);
        }

        var head = _model.VocabularySize * (double)_model.HiddenSize / _parallel.Tensor * _model.ElementBytes;
        return ((bytes * _scale) + head) / _parallel.Pipeline;
    }

    private double VisionParameters => _model.Vision is { } vision
        ? (vision.Layers * ((4.0 * vision.HiddenSize * vision.HiddenSize) + (2.0 * vision.HiddenSize * vision.IntermediateSize)))
            + (16.0 * vision.HiddenSize * vision.HiddenSize) + (4.0 * vision.HiddenSize * _model.HiddenSize)
        : 0;

    private double IdleExperts(FeedForwardShape shape) => shape.Experts == 0
        ? 0
        : (double)(shape.Experts - shape.ExpertsPerToken) * shape.Matrices * shape.ExpertSize
            * (shape.LatentSize > 0 ? shape.LatentSize : _model.HiddenSize);

    private static double CountParameters(ModelShape model)
    {
        var embedding = (double)model.VocabularySize * model.HiddenSize;
        return model.Layers.Sum(layer => Own(LayerWeights.Count(model, layer, Parallelism.One, MixedExpertPadding.None), layer))
            + (model.TiesEmbeddings ? embedding : 2 * embedding);

        // Absorbed copies are memory, not parameters.
        static double Own(LayerWeights weights, LayerShape layer) => layer.Attention is { Kind: AttentionKind.Latent } latent
            ? weights.Parameters - (latent.LatentRank * (double)latent.QueryHeads * (latent.HeadSize + latent.ValueHeadSize))
            : weights.Parameters;
    }
}
