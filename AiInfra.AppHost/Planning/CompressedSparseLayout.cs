namespace AiInfra.AppHost.Planning;

/// <summary>
/// DeepSeek-V4's cache: records of 584 bytes kept for every 4th or 128th token, an indexer's keys, windows of 128 tokens, and compressor states,
/// all in blocks whose pages are multiples of 576 bytes.
/// </summary>
internal static class CompressedSparseLayout
{
    private const int BlockTokens = 256;
    private const int RecordBytes = 584;
    private const int PageAlignment = 576;

    /// <summary>The page of a layer that keeps every 4th token, which windows and states are padded to.</summary>
    public static long LargestPageBytes => Align(BlockTokens / 4 * RecordBytes);

    public static (IReadOnlyList<CacheGroup> Groups, long BlockBytes, double GrowthBytesPerToken) Build(ModelShape model, ServingSettings settings)
    {
        var attention = model.Layers.Concat(model.DraftLayers.Take(settings.DraftLayers)).Select(layer => layer.Attention!).ToList();
        var four = attention.Count(layer => layer.CompressionRatio == 4);
        var wide = attention.Count(layer => layer.CompressionRatio == 128);
        var headSize = attention[0].HeadSize;
        var indexerSize = attention[0].IndexerHeadSize;
        var indexerRecord = indexerSize + (indexerSize / 128 * 4);

        // 1. Pages of the layers that keep the whole length.
        var fourPage = Align(BlockTokens / 4 * RecordBytes);
        var indexerPage = Align(BlockTokens / 4 * indexerRecord);
        var widePage = Align(BlockTokens / 128 * RecordBytes);
        var tupleBytes = fourPage + indexerPage + widePage;

        // 2. Windows and compressor states are cut into as many layers a group as pads least.
        int[] counts = [Math.Max(four, wide), attention.Count, four, wide];
        var size = LeastPadding(counts, counts[0]);
        var groups = new List<CacheGroup>
        {
            new(CacheKind.Full, BlockTokens, (four * (fourPage + indexerPage)) + (wide * widePage), 0, [.. Enumerable.Range(0, four + wide)]),
        };
        AddSliding(groups, attention.Count, size, 64, attention[0].WindowTokens, fourPage);
        AddSliding(groups, four, size, 4, 8, fourPage + indexerPage);
        AddSliding(groups, wide, size, 8, 128, Smallest(Align(8L * headSize * 2 * 4), fourPage));

        var tuples = Math.Max(counts[0], groups.Skip(1).Max(group => group.Layers.Count));
        return (groups, tupleBytes * tuples, ((four * (RecordBytes + indexerRecord)) / 4.0) + (wide * RecordBytes / 128.0));
    }

    private static void AddSliding(List<CacheGroup> groups, int layers, int size, int block, int window, long page)
    {
        var count = Integers.CeilingDivide(layers, size);
        for (var number = 0; number < count; number++)
        {
            var members = Enumerable.Range(0, layers).Where(index => index % count == number).ToList();
            groups.Add(new CacheGroup(CacheKind.Sliding, block, page * members.Count, window, members));
        }
    }

    private static int LeastPadding(int[] counts, int from)
    {
        var best = (Size: from, Padding: int.MaxValue);
        for (var size = from; size <= counts.Max(); size++)
        {
            var padding = counts.Sum(count => (size - (count % size)) % size);
            best = padding <= best.Padding ? (size, padding) : best;
        }

        return best.Size;
    }

    /// <summary>A state's page is padded to the smallest page of a whole-length layer that holds it.</summary>
    private static long Smallest(long page, long candidate) => Math.Max(page, candidate);

    private static long Align(long bytes) => Integers.RoundUp(bytes, PageAlignment);
}
