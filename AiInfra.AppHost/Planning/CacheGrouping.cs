namespace AiInfra.AppHost.Planning;

/// <summary>Puts layers into groups the way vLLM's cache manager does (<c>kv_cache_utils.get_kv_cache_groups</c>).</summary>
internal static class CacheGrouping
{
    /// <summary>One group when every layer keeps the whole length; else groups of equal size with pages of equal bytes.</summary>
    public static IReadOnlyList<CacheGroup> Group(IReadOnlyList<(int Layer, CacheLayer Cache)> caches, VllmRules rules)
    {
        if (caches.Count == 0)
        {
            return [];
        }

        var first = caches[0].Cache;
        // 1. One kind with one window, whatever the sizes: one group; a block is the sum of its pages.
        if (caches.All(cache => cache.Cache.Kind == first.Kind && cache.Cache.WindowTokens == first.WindowTokens))
        {
            return [new CacheGroup(
                first.Kind, first.BlockTokens, caches.Sum(cache => cache.Cache.PageBytes), first.WindowTokens,
                [.. caches.Select(cache => cache.Layer)])];
        }

        // 2. Smaller pages get longer blocks until all pages are equal in bytes.
        var largest = caches.Max(cache => cache.Cache.PageBytes);
        var kinds = caches.GroupBy(cache => Lengthened(cache.Cache, largest)).ToList();

        // 3. The group size is the smallest layer count, or the largest where padding is cheap.
        var smallest = kinds.Min(kind => kind.Count());
        var most = kinds.Max(kind => kind.Count());
        var size = most < smallest * rules.GroupPaddingLimit ? most : smallest;

        // 4. Layers are dealt in turn, so that each pipeline stage gets its share of each group.
        var groups = new List<CacheGroup>();
        foreach (var kind in kinds)
        {
            var layers = kind.Select(cache => cache.Layer).ToList();
            var count = Integers.CeilingDivide(layers.Count, size);
            for (var number = 0; number < count; number++)
            {
                groups.Add(new CacheGroup(
                    kind.Key.Kind, kind.Key.BlockTokens, largest, kind.Key.WindowTokens, [.. layers.Where((_, index) => index % count == number)]));
            }
        }

        return groups;
    }

    private static CacheLayer Lengthened(CacheLayer cache, long page) => cache.Kind == CacheKind.State
        ? cache with { PageBytes = page }
        // vLLM refuses pages that do not divide; padding gives the nearest plan and the block stays whole.
        : cache with { BlockTokens = (int)Math.Max(1, page / cache.PageBytes) * cache.BlockTokens, PageBytes = page };
}
