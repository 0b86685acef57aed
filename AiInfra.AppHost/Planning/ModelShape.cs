namespace AiInfra.AppHost.Planning;

/// <summary>The numbers of a model that decide its memory and speed. Counts are per whole model, before any parallel split.</summary>
internal sealed record ModelShape(
    string Name, string ModelType, int HiddenSize, int VocabularySize, int ContextTokens, IReadOnlyList<LayerShape> Layers)
{
    /// <summary>Input and output embedding are one matrix.</summary>
    public bool TiesEmbeddings { get; init; }

    /// <summary>Bytes of an unquantized weight and of a cache element where the cache has no type of its own.</summary>
    public int ElementBytes { get; init; } = 2;

    public VisionShape? Vision { get; init; }

    /// <summary>Layers of the multi-token predictor that come with the checkpoint (loaded only when speculation uses them).</summary>
    public IReadOnlyList<LayerShape> DraftLayers { get; init; } = [];

    /// <summary>Published parameter count, where the shape does not give it.</summary>
    public long? StatedParameters { get; init; }

    /// <summary>Precision of the published checkpoint, where it is not 16 bits.</summary>
    public string? NativeWeights { get; init; }

    /// <summary>Whether vLLM caches recurrent states at every block ("all") for this architecture when prefix caching is on.</summary>
    public bool CachesAllStates { get; init; }

    /// <summary>Tokens that the architecture's kernels treat as one chunk (alignment of "all" mode).</summary>
    public int StateChunkTokens { get; init; } = 2048;

    public bool IsHybrid => Layers.Any(layer => layer.State is not null);

    public bool IsMixtureOfExperts => Layers.Any(layer => layer.FeedForward.Experts > 0);

    public bool UsesLatentAttention => Layers.Any(layer => layer.Attention?.Kind == AttentionKind.Latent);

    public bool IsCompressedSparse => Layers.Any(layer => layer.Attention?.Kind == AttentionKind.Compressed);
}

/// <summary>One decoder layer: attention or a recurrent state or both or neither, and a feed-forward part.</summary>
internal sealed record LayerShape(AttentionShape? Attention, StateShape? State, FeedForwardShape FeedForward);

internal enum AttentionKind
{
    Full,
    Sliding,
    Chunked,
    Latent,
    Compressed,
}

/// <summary>An attention layer.</summary>
internal sealed record AttentionShape(AttentionKind Kind, int QueryHeads, int KeyValueHeads, int HeadSize)
{
    public int ValueHeadSize { get; init; } = HeadSize;

    /// <summary>Tokens that a sliding or chunked layer looks back.</summary>
    public int WindowTokens { get; init; }

    /// <summary>The output is gated by a second query projection.</summary>
    public bool IsGated { get; init; }

    /// <summary>The layer reads another layer's cache and keeps none.</summary>
    public bool SharesCache { get; init; }

    public int LatentRank { get; init; }

    public int RotaryHeadSize { get; init; }

    public int QueryLatentRank { get; init; }

    public int IndexerHeads { get; init; }

    /// <summary>Head size of the sparse-attention indexer, 0 without one.</summary>
    public int IndexerHeadSize { get; init; }

    /// <summary>Whether this layer's indexer keeps a cache of its own (some reuse the selection of the layer before).</summary>
    public bool KeepsIndexerCache { get; init; }

    /// <summary>Tokens that one cached record stands for (compressed sparse attention).</summary>
    public int CompressionRatio { get; init; } = 1;

    public int OutputLatentRank { get; init; }

    public int OutputGroups { get; init; } = 1;
}

internal enum StateKind
{
    GatedDelta,
    Mamba1,
    Mamba2,
    ShortConvolution,
    LinearAttention,
    DeltaAttention,
}

/// <summary>A recurrent layer: its state has a fixed size, whatever the length.</summary>
internal sealed record StateShape(StateKind Kind, int KeyHeads, int ValueHeads, int KeyHeadSize, int ValueHeadSize, int Kernel)
{
    /// <summary>Width of the convolution before heads are split (Mamba: the inner size).</summary>
    public int InnerSize { get; init; }

    /// <summary>Bytes of an element of the recurrent state, 0 for the model's own type.</summary>
    public int StateElementBytes { get; init; }
}

/// <summary>A feed-forward part: dense, experts, both, or nothing (all zero).</summary>
internal sealed record FeedForwardShape(int DenseSize, int Experts, int ExpertsPerToken, int ExpertSize, int SharedSize)
{
    public static readonly FeedForwardShape None = new(0, 0, 0, 0, 0);

    /// <summary>Matrices per unit: three with a gate, two without.</summary>
    public int Matrices { get; init; } = 3;

    /// <summary>Width that experts read and write where it is not the hidden size.</summary>
    public int LatentSize { get; init; }
}

/// <summary>The image encoder, as far as its weights and its profile run count.</summary>
internal sealed record VisionShape(int HiddenSize, int IntermediateSize, int Layers, int PatchesPerItem, int TokensPerItem);
