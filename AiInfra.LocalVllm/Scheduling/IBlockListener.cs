namespace AiInfra.LocalVllm.Scheduling;

/// <summary>Follows the content of a scheduler's prefix cache: the ZMQ publisher, and the benchmark that measures what an index could know.</summary>
internal interface IBlockListener
{
    /// <summary>The block at <paramref name="index"/> of the sequence became findable.</summary>
    void Stored(Sequence sequence, int index);

    /// <summary>A block's content was given up.</summary>
    void Removed(ulong hash);

    /// <summary>The whole cache was forgotten.</summary>
    void Cleared();
}
