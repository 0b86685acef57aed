namespace AiInfra.LocalVllm.SmolLm2;

/// <summary>Moves keys and values between the slots and the prefix cache.</summary>
/// <param name="cache">Null where prefix caching is off.</param>
/// <param name="slots">The running sequences' caches.</param>
/// <param name="counters">Counts what is looked up and found.</param>
internal sealed class PrefixReuse(PrefixCache? cache, KeyValueSlots slots, EngineCounters counters)
{
    /// <summary>Fills a new sequence's slot with what the cache has of it.</summary>
    public void Take(Sequence sequence, int slot)
    {
        sequence.Computed = 0;
        sequence.Stored = default;
        // Log probabilities of the prompt need every position computed: as in vLLM such a request neither uses nor counts.
        if (cache is null || sequence.Request.Sampling.PromptLogprobs is not null)
        {
            sequence.Cached ??= 0;
            return;
        }

        var blocks = cache.Find(sequence.Tokens.ToArray(), sequence.Request.CacheSalt);
        var found = blocks.Count * cache.BlockSize;
        sequence.Stored = (blocks.Count, blocks.LastOrDefault());
        if (sequence.Cached is null)
        {
            sequence.Cached = found;
            counters.AddLookup(sequence.Tokens.Count, found);
        }

        // With one token left the decode kernels would run, which round differently: a cached prefix must not change an answer,
        // so the last block is computed again. It is counted as cached all the same.
        var usable = sequence.Tokens.Count - found == 1 && blocks.Count > 0 ? blocks.Count - 1 : blocks.Count;
        for (var i = 0; i < usable; i++)
        {
            slots.Write(slot, i * cache.BlockSize, cache.BlockSize, blocks[i].Values);
        }

        sequence.Computed = usable * cache.BlockSize;
    }

    /// <summary>Puts a sequence's newly filled blocks into the cache.</summary>
    public void Keep(Sequence sequence, int slot)
    {
        while (cache is not null && sequence.Stored.Count >= 0 && (sequence.Stored.Count + 1) * cache.BlockSize <= sequence.Computed)
        {
            var (count, last) = sequence.Stored;
            var position = count * cache.BlockSize;
            if (cache.TryAdd(last, [.. sequence.Tokens.GetRange(position, cache.BlockSize)], sequence.Request.CacheSalt, out var block))
            {
                slots.Read(slot, position, cache.BlockSize, block.Values);
                sequence.CreatedCacheTokens += position + cache.BlockSize <= sequence.Request.Prompt.Length ? cache.BlockSize : 0;
            }

            // No block: the chain was evicted behind it or fills the whole cache, and nothing of this sequence is kept any more.
            sequence.Stored = block is null ? (-1, null) : (count + 1, block);
        }
    }

    public void Clear() => cache?.Clear();
}
