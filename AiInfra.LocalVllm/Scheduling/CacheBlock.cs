namespace AiInfra.LocalVllm.Scheduling;

/// <summary>One block of the key/value cache, a node of the free list while nobody uses it.</summary>
internal sealed class CacheBlock(int id)
{
    public int Id { get; } = id;

    /// <summary>Sequences that use it.</summary>
    public int Users { get; set; }

    /// <summary>The chained hash of its content while it can be found in the cache.</summary>
    public ulong? Hash { get; set; }

    public CacheBlock? Previous { get; set; }

    public CacheBlock? Next { get; set; }
}
