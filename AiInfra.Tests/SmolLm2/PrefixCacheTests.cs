using AiInfra.LocalVllm.SmolLm2;

namespace AiInfra.Tests.SmolLm2;

public sealed class PrefixCacheTests
{
    private const int Block = 4;

    [Theory]
    [InlineData(3, 0)]
    [InlineData(4, 0)]
    [InlineData(5, 1)]
    [InlineData(8, 1)]
    [InlineData(9, 2)]
    public void A_prompt_repeated_whole_never_counts_its_last_token(int length, int blocks)
    {
        var cache = Cache(10);
        var prompt = Tokens(length);
        Add(cache, prompt);

        Assert.Equal(blocks, cache.Find(prompt, null).Count);
    }

    [Fact]
    public void Only_the_shared_part_is_found()
    {
        var cache = Cache(10);
        Add(cache, [1, 2, 3, 4, 5, 6, 7, 8, 9]);

        Assert.Single(cache.Find([1, 2, 3, 4, 5, 6, 7, 0, 9], null));
        Assert.Empty(cache.Find([0, 2, 3, 4, 5, 6, 7, 8, 9], null));
    }

    [Fact]
    public void A_block_counts_only_behind_the_same_blocks()
    {
        var cache = Cache(10);
        Add(cache, [1, 2, 3, 4, 5, 6, 7, 8]);

        Assert.Empty(cache.Find([5, 6, 7, 8, 0], null));
    }

    [Fact]
    public void Salts_separate()
    {
        var cache = Cache(10);
        Add(cache, Tokens(9), "a");

        Assert.Empty(cache.Find(Tokens(9), null));
        Assert.Empty(cache.Find(Tokens(9), "b"));
        Assert.Equal(2, cache.Find(Tokens(9), "a").Count);
    }

    [Fact]
    public void A_prompt_is_forgotten_from_its_tail_and_the_oldest_first()
    {
        var cache = Cache(4);
        int[] old = [1, 1, 1, 1, 2, 2, 2, 2, 3];
        Add(cache, old);
        Add(cache, [7, 7, 7, 7, 8, 8, 8, 8, 9]);

        Add(cache, [5, 5, 5, 5]);

        Assert.Single(cache.Find(old, null));
        Assert.Equal(2, cache.Find([7, 7, 7, 7, 8, 8, 8, 8, 9], null).Count);
        Assert.Equal(4, cache.Count);
    }

    [Fact]
    public void A_prompt_longer_than_the_cache_keeps_its_head()
    {
        var cache = Cache(3);
        Add(cache, Tokens(40));

        Assert.Equal(3, cache.Find(Tokens(40), null).Count);
    }

    [Fact]
    public void Nothing_is_put_behind_an_evicted_block()
    {
        var cache = Cache(1);
        Assert.True(cache.TryAdd(null, [1, 1, 1, 1], null, out var first));
        Assert.True(cache.TryAdd(null, [2, 2, 2, 2], null, out _));

        Assert.False(cache.TryAdd(first, [3, 3, 3, 3], null, out var next));
        Assert.Null(next);
    }

    [Fact]
    public void The_memory_of_evicted_blocks_is_used_again()
    {
        var cache = Cache(1);
        cache.TryAdd(null, [1, 1, 1, 1], null, out var first);
        cache.TryAdd(null, [2, 2, 2, 2], null, out var second);

        Assert.Same(first!.Values, second!.Values);
    }

    private static PrefixCache Cache(int blocks) => new(new KeyValueShape(1, 1, 2), Block, blocks);

    private static int[] Tokens(int count) => [.. Enumerable.Range(1, count)];

    private static void Add(PrefixCache cache, int[] tokens, string? salt = null)
    {
        PrefixBlock? parent = null;
        for (var at = 0; at + Block <= tokens.Length; at += Block)
        {
            cache.TryAdd(parent, tokens[at..(at + Block)], salt, out var block);
            if (block is null)
            {
                return;
            }

            parent = block;
        }
    }
}
