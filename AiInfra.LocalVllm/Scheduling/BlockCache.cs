namespace AiInfra.LocalVllm.Scheduling;

/// <summary>
/// The block pool with its prefix cache, by vLLM's rules: freed blocks keep their content and are reused least recently used first; a
/// sequence frees its blocks from the tail, so a prompt is evicted from its end and still hits on its head. One block is reserved.
/// </summary>
internal sealed class BlockCache
{
    private readonly Dictionary<ulong, CacheBlock> _byHash = [];
    private readonly CacheBlock _head = new(-1);
    private readonly CacheBlock _tail = new(-1);

    public BlockCache(int blockCount)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(blockCount, 2);
        Usable = blockCount - 1;
        _head.Next = _tail;
        _tail.Previous = _head;
        for (var id = 1; id < blockCount; id++)
        {
            PushBack(new CacheBlock(id));
        }
    }

    /// <summary>Blocks that sequences can use: all but the reserved one.</summary>
    public int Usable { get; }

    /// <summary>Blocks that nobody uses, cached content or not.</summary>
    public int Free { get; private set; }

    /// <summary>Blocks in use as a share of the usable ones.</summary>
    public double Usage => 1 - (double)Free / Usable;

    /// <summary>Called with the hash of a block whose content is given up.</summary>
    public Action<ulong>? Removed { get; set; }

    public CacheBlock? Find(ulong hash) => _byHash.GetValueOrDefault(hash);

    /// <summary>Takes a cached block into use.</summary>
    public void Take(CacheBlock block)
    {
        if (block.Users++ == 0)
        {
            Unlink(block);
        }
    }

    /// <summary>Takes the least recently used free block, forgetting its content. The caller has checked <see cref="Free"/>.</summary>
    public CacheBlock TakeNew()
    {
        var block = _head.Next!;
        Unlink(block);
        Forget(block);
        block.Users = 1;
        return block;
    }

    /// <summary>Makes a full block findable. When another block has the same content already, that one stays the one found.</summary>
    /// <returns>Whether the content is new to the cache.</returns>
    public bool Enter(CacheBlock block, ulong hash)
    {
        if (block.Hash is not null || !_byHash.TryAdd(hash, block))
        {
            return false;
        }

        block.Hash = hash;
        return true;
    }

    /// <summary>Gives up a sequence's blocks, the last first.</summary>
    public void Release(List<CacheBlock> blocks)
    {
        for (var i = blocks.Count - 1; i >= 0; i--)
        {
            if (--blocks[i].Users == 0)
            {
                PushBack(blocks[i]);
            }
        }

        blocks.Clear();
    }

    /// <summary>Forgets all content. False while blocks are in use.</summary>
    public bool TryReset()
    {
        if (Free != Usable)
        {
            return false;
        }

        for (var block = _head.Next!; block != _tail; block = block.Next!)
        {
            block.Hash = null;
        }

        _byHash.Clear();
        return true;
    }

    private void Forget(CacheBlock block)
    {
        if (block.Hash is { } hash)
        {
            _byHash.Remove(hash);
            block.Hash = null;
            Removed?.Invoke(hash);
        }
    }

    private void PushBack(CacheBlock block)
    {
        block.Previous = _tail.Previous;
        block.Next = _tail;
        _tail.Previous!.Next = block;
        _tail.Previous = block;
        Free++;
    }

    private void Unlink(CacheBlock block)
    {
        block.Previous!.Next = block.Next;
        block.Next!.Previous = block.Previous;
        block.Previous = block.Next = null;
        Free--;
    }
}
