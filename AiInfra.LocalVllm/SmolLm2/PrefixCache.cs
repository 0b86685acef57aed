using System.Diagnostics.CodeAnalysis;

namespace AiInfra.LocalVllm.SmolLm2;

/// <summary>
/// Keeps the key/value caches of earlier prompts and answers, block by block, and gives back the longest prefix that a new prompt shares.
/// </summary>
/// <remarks>
/// It counts as vLLM does: whole blocks only, and never a prompt's last token, which must be computed for its logits: a prompt of n tokens
/// finds at most floor((n − 1) / block) blocks. The least recently used block goes first. A prefix is used later than what follows it by
/// construction, so a prompt is forgotten from its tail. Only the engine's thread calls it.
/// </remarks>
internal sealed class PrefixCache(KeyValueShape shape, int blockSize, int maxBlocks)
{
    private readonly Dictionary<Key, LinkedListNode<PrefixBlock>> _blocks = [];

    /// <summary>Most recently used first.</summary>
    private readonly LinkedList<PrefixBlock> _order = [];

    /// <summary>The memory of evicted blocks, to be used again: the large-object heap would keep it anyway.</summary>
    private readonly Stack<float[]> _free = [];

    public int BlockSize => blockSize;

    public int Count => _blocks.Count;

    /// <summary>The blocks of the longest known prefix of <paramref name="tokens"/>, in order.</summary>
    public List<PrefixBlock> Find(ReadOnlySpan<int> tokens, string? salt)
    {
        var found = new List<PrefixBlock>();
        PrefixBlock? parent = null;
        while ((found.Count + 1) * blockSize < tokens.Length
            && _blocks.TryGetValue(new Key(parent, tokens.Slice(found.Count * blockSize, blockSize).ToArray(), salt), out var node))
        {
            parent = node.Value;
            found.Add(parent);
        }

        Use(parent);
        return found;
    }

    /// <summary>Keeps the next block of a sequence.</summary>
    /// <param name="parent">The block before it, or null.</param>
    /// <param name="tokens">Its tokens, <see cref="BlockSize"/> of them.</param>
    /// <param name="salt">Separates callers who must not share prefixes.</param>
    /// <param name="block">The kept block; null where the parent is gone, so that nobody could find it.</param>
    /// <returns>True for a new block, whose <see cref="PrefixBlock.Values"/> the caller must now fill.</returns>
    public bool TryAdd(PrefixBlock? parent, int[] tokens, string? salt, [NotNullWhen(true)] out PrefixBlock? block)
    {
        block = null;
        if (parent is { IsEvicted: true } || maxBlocks == 0)
        {
            return false;
        }

        var key = new Key(parent, tokens, salt);
        if (_blocks.TryGetValue(key, out var known))
        {
            block = known.Value;
            Use(block);
            return false;
        }

        // The parent's chain becomes the most recent first, so that the eviction below never takes it.
        Use(parent);
        if (_blocks.Count >= maxBlocks && !TryEvict(parent))
        {
            return false;
        }

        var size = shape.BytesPerToken / sizeof(float) * blockSize;
        block = new PrefixBlock(parent, tokens, salt, _free.TryPop(out var values) ? values : GC.AllocateUninitializedArray<float>(size));
        _blocks.Add(key, _order.AddFirst(block));
        Use(parent);
        return true;
    }

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        foreach (var block in _order)
        {
            block.IsEvicted = true;
        }

        _blocks.Clear();
        _order.Clear();
        _free.Clear();
    }

    /// <summary>Puts a chain first in the order of use, its head before its tail.</summary>
    private void Use(PrefixBlock? tail)
    {
        for (var block = tail; block is not null; block = block.Parent)
        {
            var node = _blocks[Key.Of(block)];
            _order.Remove(node);
            _order.AddFirst(node);
        }
    }

    /// <returns>False when the oldest block is <paramref name="keep"/>: the chain that is being added to fills the whole cache.</returns>
    private bool TryEvict(PrefixBlock? keep)
    {
        var oldest = _order.Last!.Value;
        if (oldest == keep)
        {
            return false;
        }

        _order.RemoveLast();
        _blocks.Remove(Key.Of(oldest));
        oldest.IsEvicted = true;
        _free.Push(oldest.Values);
        return true;
    }

    private readonly struct Key(PrefixBlock? parent, int[] tokens, string? salt) : IEquatable<Key>
    {
        private readonly PrefixBlock? _parent = parent;
        private readonly int[] _tokens = tokens;
        private readonly string? _salt = parent is null ? salt : null;

        public static Key Of(PrefixBlock block) => new(block.Parent, block.Tokens, block.Salt);

        public bool Equals(Key other) => _parent == other._parent && _salt == other._salt && _tokens.AsSpan().SequenceEqual(other._tokens);

        public override bool Equals(object? obj) => obj is Key other && Equals(other);

        public override int GetHashCode()
        {
            var hash = new HashCode();
            hash.Add(_parent);
            hash.Add(_salt);
            foreach (var token in _tokens)
            {
                hash.Add(token);
            }

            return hash.ToHashCode();
        }
    }
}
