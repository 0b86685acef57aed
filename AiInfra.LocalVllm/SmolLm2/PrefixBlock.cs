namespace AiInfra.LocalVllm.SmolLm2;

/// <summary>One block of tokens in the prefix cache: what follows its parent's tokens, and the caches that computing it left.</summary>
internal sealed class PrefixBlock(PrefixBlock? parent, int[] tokens, string? salt, float[] values)
{
    /// <summary>Null for the first block of a prompt.</summary>
    public PrefixBlock? Parent { get; } = parent;

    public int[] Tokens { get; } = tokens;

    /// <summary>Of the first block; the others inherit it through their parents.</summary>
    public string? Salt { get; } = salt;

    /// <summary><c>float[tensors, heads, tokens, headSize]</c>.</summary>
    public float[] Values { get; } = values;

    /// <summary>It has left the cache: nothing may be put behind it any more.</summary>
    public bool IsEvicted { get; set; }
}
