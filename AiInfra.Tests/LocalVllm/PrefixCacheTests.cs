using AiInfra.LocalVllm.Scheduling;

namespace AiInfra.Tests.LocalVllm;

/// <summary>The hits and evictions that were recorded from vLLM 0.32.0 with blocks of 32 tokens, number by number.</summary>
public sealed class PrefixCacheTests
{
    private const int BlockSize = 32;

    [Theory]
    [InlineData(31, 0)]
    [InlineData(32, 0)]
    [InlineData(33, 32)]
    [InlineData(63, 32)]
    [InlineData(64, 32)]
    [InlineData(65, 64)]
    [InlineData(96, 64)]
    [InlineData(97, 96)]
    [InlineData(128, 96)]
    [InlineData(320, 288)]
    public void A_prompt_repeated_whole_never_counts_its_last_token(int length, int cached)
    {
        var scheduler = Create(100);

        Assert.Equal(0, Complete(scheduler, Tokens(1, length)));
        Assert.Equal(cached, Complete(scheduler, Tokens(1, length)));
        Assert.Equal(2 * length, scheduler.PrefixCacheQueries);
        Assert.Equal(cached, scheduler.PrefixCacheHits);
        Assert.Equal(0, scheduler.KvCacheUsage);
    }

    [Fact]
    public void Only_whole_blocks_of_a_shared_prefix_are_reused()
    {
        var scheduler = Create(100);
        Complete(scheduler, Tokens(1, 320));

        Assert.Equal(64, Complete(scheduler, [.. Tokens(1, 64), .. Tokens(5000, 64)]));
        Assert.Equal(64, Complete(scheduler, [.. Tokens(1, 70), .. Tokens(6000, 64)]));
        Assert.Equal(0, Complete(scheduler, [999, .. Tokens(2, 319)]));
        Assert.Equal(32, Complete(scheduler, Tokens(1, 64)));
        Assert.Equal(64, Complete(scheduler, Tokens(1, 65)));
    }

    [Fact]
    public void A_salt_separates_caches()
    {
        var scheduler = Create(100);
        var salt = BlockHash.Text("a");

        Complete(scheduler, Tokens(1, 320));
        Assert.Equal(0, Complete(scheduler, Tokens(1, 320), salt));
        Assert.Equal(288, Complete(scheduler, Tokens(1, 320), salt));
        Assert.Equal(288, Complete(scheduler, Tokens(1, 320)));
    }

    [Fact]
    public void The_next_turn_finds_the_answer_in_the_cache_too()
    {
        var scheduler = Create(100);
        int[] question = Tokens(1, 38);
        int[] answer = Tokens(7000, 60);

        Complete(scheduler, question, answer: answer);

        Assert.Equal(96, Complete(scheduler, [.. question, .. answer, .. Tokens(9000, 15)]));
    }

    [Fact]
    public void Requests_with_prompt_logprobs_neither_use_the_cache_nor_count()
    {
        var scheduler = Create(100);
        Complete(scheduler, Tokens(1, 320));
        var queries = scheduler.PrefixCacheQueries;

        Assert.Equal(0, Complete(scheduler, Tokens(1, 320), reads: false));
        Assert.Equal(queries, scheduler.PrefixCacheQueries);
    }

    [Fact]
    public void Eviction_takes_the_tail_of_the_oldest_prompt_first()
    {
        var scheduler = Create(100);
        foreach (var start in (int[])[0, 10_000, 20_000, 30_000])
        {
            Assert.Equal(0, Complete(scheduler, Tokens(start, 960)));
        }

        Assert.Equal(928, Complete(scheduler, Tokens(30_000, 960)));
        Assert.Equal(928, Complete(scheduler, Tokens(20_000, 960)));
        Assert.Equal(928, Complete(scheduler, Tokens(10_000, 960)));
        Assert.Equal(192, Complete(scheduler, Tokens(0, 960)));
    }

    [Fact]
    public void A_full_cache_pushes_running_sequences_back_and_all_complete()
    {
        var scheduler = Create(34, 4);
        var sequences = Enumerable.Range(0, 4).Select(index => new Sequence(Tokens(index * 10_000, 215), Tokens(50_000 + index * 1000, 220))).ToList();
        var peak = 0.0;
        var now = 0.0;
        sequences.ForEach(sequence => scheduler.Add(sequence, now));
        while (scheduler.Running + scheduler.Waiting > 0)
        {
            var step = scheduler.Step(now);
            Assert.False(step.Idle);
            now += step.Seconds;
            peak = Math.Max(peak, scheduler.KvCacheUsage);
        }

        Assert.Equal(2, scheduler.Preemptions);
        Assert.Equal(860, scheduler.PrefixCacheQueries);
        Assert.Equal(0, scheduler.PrefixCacheHits);
        Assert.All(sequences, sequence => Assert.Equal(220, sequence.Generated));
        Assert.All(sequences, sequence => Assert.Equal(192, sequence.CreatedCacheTokens));
        Assert.Equal(1, peak);
        Assert.Equal(0, scheduler.KvCacheUsage);
    }

    private static Scheduler Create(int blocks, int sequences = 4) =>
        new(new SchedulerSettings { BlockSize = BlockSize, BlockCount = blocks, MaxSequences = sequences, MaxBatchedTokens = 1024 });

    private static int[] Tokens(int start, int count) => [.. Enumerable.Range(start, count)];

    private static int Complete(Scheduler scheduler, int[] prompt, ulong key = 0, int[]? answer = null, bool reads = true)
    {
        var sequence = new Sequence(prompt, answer ?? [2]) { CacheKey = key, ReadsPrefixCache = reads };
        scheduler.Add(sequence, 0);
        while (sequence.State != SequenceState.Finished)
        {
            Assert.False(scheduler.Step(0).Idle);
        }

        return sequence.CachedTokens;
    }
}
