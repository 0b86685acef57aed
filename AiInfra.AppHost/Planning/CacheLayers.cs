namespace AiInfra.AppHost.Planning;

/// <summary>Turns a model's layers into what each keeps in the cache of one rank.</summary>
internal sealed class CacheLayers
{
    private CacheLayers(IReadOnlyList<(int Layer, CacheLayer Cache)> all, StateMode mode, int attentionBlockTokens)
    {
        All = all;
        StateMode = mode;
        AttentionBlockTokens = attentionBlockTokens;
    }

    /// <summary>Every cache with the index of its layer; a drafter's layers come last.</summary>
    public IReadOnlyList<(int Layer, CacheLayer Cache)> All { get; }

    public StateMode StateMode { get; }

    /// <summary>Bytes of one recurrent state before padding, 0 without recurrent layers.</summary>
    public long StateBytes { get; private init; }

    /// <summary>Tokens of an attention block after it was raised to hold a recurrent state.</summary>
    public int AttentionBlockTokens { get; }

    public static CacheLayers Of(ModelShape model, Parallelism parallel, ServingSettings settings)
    {
        var elementBytes = settings.Cache.ElementBytes > 0 ? settings.Cache.ElementBytes : model.ElementBytes;
        var mode = !model.IsHybrid || !settings.PrefixCaching ? StateMode.None
            : model.CachesAllStates && settings.DraftTokens == 0 ? StateMode.All
            : StateMode.Align;
        var growing = model.Layers.Select(layer => layer.Attention).FirstOrDefault(shape => shape is { SharesCache: false });
        var tokenBytes = growing is null ? 0 : TokenBytes(growing, parallel.Tensor, elementBytes, settings);
        var stateBytes = model.Layers.Where(layer => layer.State is not null)
            .Select(layer => StateLayout.Bytes(layer.State!, parallel.Tensor, settings.DraftTokens, model.ElementBytes)).DefaultIfEmpty(0).Max();
        var block = AttentionBlock(model, settings, mode, tokenBytes, stateBytes);
        var statePage = stateBytes == 0 ? 0 : Math.Max(stateBytes, (long)(block * tokenBytes));
        var stateBlock = mode == StateMode.None ? settings.ContextTokens : block;

        var caches = new List<(int, CacheLayer)>();
        for (var index = 0; index < model.Layers.Count + settings.DraftLayers; index++)
        {
            var isDraft = index >= model.Layers.Count;
            var layer = isDraft ? Draft(model, index - model.Layers.Count) : model.Layers[index];
            if (layer.Attention is { SharesCache: false } attention)
            {
                Add(caches, index, attention, parallel.Tensor, block, elementBytes, settings);
            }

            if (layer.State is not null)
            {
                caches.Add((index, new CacheLayer(CacheKind.State, stateBlock, statePage, 0, 0)));
            }
        }

        return new CacheLayers(caches, mode, block) { StateBytes = stateBytes };
    }

    private static LayerShape Draft(ModelShape model, int index) => index < model.DraftLayers.Count
        ? model.DraftLayers[index]
        : model.Layers.Last(layer => layer.Attention is not null) with { State = null };

    private static void Add(
        List<(int, CacheLayer)> caches, int index, AttentionShape attention, int tensor, int block, double elementBytes,
        ServingSettings settings)
    {
        var kind = attention.Kind switch
        {
            // Before layers were grouped, a window saved no memory.
            AttentionKind.Sliding when settings.Rules.GroupsLayers => CacheKind.Sliding,
            AttentionKind.Chunked when settings.Rules.GroupsChunkedLayers => CacheKind.Chunked,
            _ => CacheKind.Full,
        };
        var page = (long)(block * TokenBytes(attention, tensor, elementBytes, settings));
        caches.Add((index, new CacheLayer(kind, block, page, kind == CacheKind.Full ? 0 : attention.WindowTokens, attention.KeyValueHeads)));
        if (attention.Kind == AttentionKind.Latent && attention is { IndexerHeadSize: > 0, KeepsIndexerCache: true })
        {
            // 8-bit keys with a 32-bit scale for every 128 elements.
            var indexer = attention.IndexerHeadSize + (attention.IndexerHeadSize / 128 * 4);
            caches.Add((index, new CacheLayer(CacheKind.Full, block, (long)block * indexer, 0, -1)));
        }
    }

    private static double TokenBytes(AttentionShape attention, int tensor, double elementBytes, ServingSettings settings)
    {
        if (attention.Kind == AttentionKind.Latent)
        {
            // One row for all heads, whole on every rank. The sparse kernels store 8-bit rows in a layout of their own.
            var isSparse = attention.IndexerHeadSize > 0;
            if (settings.Cache == CacheType.Fp8Latent || (isSparse && settings.PacksSparseRows(settings.Cache)))
            {
                return attention.LatentRank + (attention.LatentRank / 128 * 4) + (attention.RotaryHeadSize * 2);
            }

            return Integers.RoundUp(
                (long)((attention.LatentRank + attention.RotaryHeadSize) * elementBytes), settings.Rules.LatentRowAlignmentBytes);
        }

        var heads = Math.Max(1, attention.KeyValueHeads / tensor);
        var scales = settings.Cache.HasHeadScales ? 2 * heads * 4 : 0;
        return (heads * (attention.HeadSize + attention.ValueHeadSize) * elementBytes) + scales;
    }

    private static int AttentionBlock(ModelShape model, ServingSettings settings, StateMode mode, double tokenBytes, long stateBytes)
    {
        if (stateBytes == 0 || tokenBytes == 0)
        {
            return settings.BlockTokens;
        }

        // A block must hold one state: the attention block grows, in steps that the kernels can take.
        long step = settings.BlockTokens;
        if (mode == StateMode.All)
        {
            step = Integers.LeastCommonMultiple(model.StateChunkTokens, step);
        }

        return (int)Math.Max(settings.BlockTokens, step * (long)Math.Ceiling(stateBytes / (step * tokenBytes)));
    }
}
