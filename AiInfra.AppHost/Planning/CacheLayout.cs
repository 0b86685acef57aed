namespace AiInfra.AppHost.Planning;

/// <summary>The paged cache of a model on one rank: groups, the bytes of a block, and how many requests a pool holds.</summary>
internal sealed class CacheLayout
{
    private readonly ServingSettings _settings;
    private readonly StateMode _mode;
    private readonly int _contextRanks;

    // Its pages hold from 2 to 64 tokens: the older count, blocks times the smallest, says nothing there.
    private bool _isCompressedSparse;

    private CacheLayout(
        IReadOnlyList<CacheGroup> groups, IReadOnlyList<long> blockBytes, double growth, int attentionBlock, StateMode mode,
        Parallelism parallel, ServingSettings settings)
    {
        Groups = groups;
        BlockBytesByStage = blockBytes;
        GrowthBytesPerToken = growth;
        AttentionBlockTokens = attentionBlock;
        _mode = mode;
        _contextRanks = parallel.ContextRanks;
        _settings = settings;
    }

    public IReadOnlyList<CacheGroup> Groups { get; }

    /// <summary>Bytes that one block of the pool takes on a rank of each pipeline stage.</summary>
    public IReadOnlyList<long> BlockBytesByStage { get; }

    /// <summary>Bytes that one more token of a long request costs on a rank: only layers that keep the whole length.</summary>
    public double GrowthBytesPerToken { get; }

    public int AttentionBlockTokens { get; }

    /// <summary>Bytes of one layer's page: what a block of the pool holds for each layer of a group.</summary>
    public long LayerPageBytes { get; private init; }

    /// <summary>Bytes of one recurrent state before padding, 0 without recurrent layers.</summary>
    public long StateBytes { get; private init; }

    public static CacheLayout Of(ModelShape model, Parallelism parallel, ServingSettings settings)
    {
        var stages = parallel.Stages(model.Layers.Count);
        if (model.IsCompressedSparse)
        {
            var (sparse, bytes, growth) = CompressedSparseLayout.Build(model, settings);
            return new CacheLayout(
                sparse, [.. stages.Select(stage => Math.Max(1, bytes * stage.Count / model.Layers.Count))], growth, 256, StateMode.None,
                parallel, settings)
            {
                LayerPageBytes = CompressedSparseLayout.LargestPageBytes,
                _isCompressedSparse = true,
            };
        }

        var layers = CacheLayers.Of(model, parallel, settings);
        var groups = CacheGrouping.Group(layers.All, settings.Rules);
        var blockBytes = stages.Select((stage, index) => BlockBytes(
            groups, layers, stage.First, index == stages.Count - 1 ? int.MaxValue : stage.First + stage.Count));
        return new CacheLayout(
            groups, [.. blockBytes], layers.All.Sum(cache => cache.Cache.GrowthBytesPerToken), layers.AttentionBlockTokens, layers.StateMode,
            parallel, settings)
        {
            LayerPageBytes = layers.All.Select(cache => cache.Cache.PageBytes).DefaultIfEmpty(0).Max(),
            StateBytes = layers.StateBytes,
        };
    }

    /// <summary>Blocks that fit into <paramref name="pool"/> on one rank of a stage.</summary>
    public long Blocks(Bytes pool, int stage) => pool.Count <= 0 || BlockBytesByStage[stage] == 0 ? 0 : pool.Count / BlockBytesByStage[stage];

    /// <summary>Blocks that one request of <paramref name="tokens"/> needs at most, over all groups.</summary>
    public long BlocksPerRequest(long tokens) => Groups.Count == 0 ? 1 : Math.Max(1, Integers.CeilingDivide(
        Groups.Sum(group => Pages(group, tokens) * group.PageBytes), Groups[0].PageBytes));

    /// <summary>Requests of <paramref name="tokens"/> that <paramref name="blocks"/> hold at once.</summary>
    public double Concurrency(long blocks, long tokens) => _settings.Rules.CountsWholeBlocksPerRequest || _isCompressedSparse
        ? (double)blocks / BlocksPerRequest(tokens)
        : (double)blocks * SmallestBlockTokens / tokens;

    /// <summary>The number that vLLM's start-up log prints as the cache's size in tokens.</summary>
    public long PrintedTokens(long blocks, long contextTokens) => Groups.Count == 0 ? 0
        : _settings.Rules.PrintsTokensFromConcurrency ? (long)(Concurrency(blocks, contextTokens) * contextTokens)
        : blocks / Groups.Count * SmallestBlockTokens * _contextRanks;

    /// <summary>Memory on a rank of <paramref name="stage"/> without which a start with this length is refused.</summary>
    public Bytes Needed(long tokens, int stage) => new(Groups.Sum(group => Pages(group, tokens)) * BlockBytesByStage[stage]);

    /// <summary>The longest request that <paramref name="pool"/> holds, up to <paramref name="limit"/>; 0 when not even one token fits.</summary>
    public int LongestRequest(Bytes pool, int stage, int limit)
    {
        int low = 0, high = limit;
        while (low < high)
        {
            var middle = low + ((high - low + 1) / 2);
            (low, high) = Needed(middle, stage) <= pool ? (middle, high) : (low, middle - 1);
        }

        return low;
    }

    private int SmallestBlockTokens =>
        Groups.Where(group => group.Kind != CacheKind.State).Select(group => group.BlockTokens).DefaultIfEmpty(16).Min();

    private long Pages(CacheGroup group, long tokens) => group.PagesPerRequest(
        tokens, _settings.BatchedTokens, _mode, _settings.DraftTokens, _contextRanks);

    private static long BlockBytes(IReadOnlyList<CacheGroup> groups, CacheLayers layers, int first, int end)
    {
        if (groups.Count == 1)
        {
            return layers.All.Where(cache => cache.Layer >= first && cache.Layer < end).Sum(cache => cache.Cache.PageBytes);
        }

        return groups.Count == 0 ? 0 : groups.Max(group => group.Layers.Count(layer => layer >= first && layer < end)) * groups[0].PageBytes;
    }
}
