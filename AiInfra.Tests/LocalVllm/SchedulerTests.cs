using AiInfra.LocalVllm.Scheduling;
using AiInfra.Tests.Fixtures;
using CsCheck;

namespace AiInfra.Tests.LocalVllm;

public sealed class SchedulerTests
{
    [Fact]
    public void Prompts_that_come_together_share_one_steps_budget()
    {
        var scheduler = new Scheduler(new SchedulerSettings { MaxBatchedTokens = 1000, MaxSequences = 8 });
        var first = new Sequence(Tokens(0, 900), Tokens(0, 3));
        var second = new Sequence(Tokens(5000, 900), Tokens(0, 3));
        scheduler.Add(first, 0);
        scheduler.Add(second, 0);

        var step = scheduler.Step(0);
        Assert.Equal(1000, step.PrefillTokens);
        Assert.Equal([first], step.Gained);

        // The rest of the second prompt goes beside the first's next token.
        step = scheduler.Step(1);
        Assert.Equal(800, step.PrefillTokens);
        Assert.Equal([first, second], step.Gained);
    }

    [Fact]
    public void Important_requests_leave_the_queue_first()
    {
        var scheduler = new Scheduler(new SchedulerSettings { MaxSequences = 4, ByPriority = true });
        var done = new List<int>();
        int[] priorities = [0, 0, 0, 0, 5, 5, 5, 5, -5, -5];
        foreach (var (index, priority) in priorities.Index())
        {
            scheduler.Add(new Sequence(Tokens(index * 100, 50), Tokens(0, 5)) { Priority = priority, Tag = index }, 0);
            if (index == 3)
            {
                scheduler.Step(0);
            }
        }

        while (scheduler.Running + scheduler.Waiting > 0)
        {
            done.AddRange(scheduler.Step(0).Gained.Where(sequence => sequence.State == SequenceState.Finished).Select(sequence => (int)sequence.Tag!));
        }

        // As recorded: the four that ran, then the two important ones, then the rest in order.
        Assert.Equal([0, 1, 2, 3, 8, 9, 4, 5, 6, 7], done);
    }

    [Fact]
    public void A_steps_time_follows_the_profile()
    {
        var profile = new StepProfile("test", 0.01, 0.001, 0.002, 0.1);
        var scheduler = new Scheduler(new SchedulerSettings { Profile = profile });
        scheduler.Add(new Sequence(Tokens(0, 100), Tokens(0, 5)), 0);

        Assert.Equal(0.01 + 100 * 0.001 + 0.1, scheduler.Step(0).Seconds, 9);
        Assert.Equal(0.01 + 0.002, scheduler.Step(1).Seconds, 9);
    }

    [Fact]
    public void Whatever_comes_and_goes_every_block_is_given_back_and_every_token_is_counted() =>
        Gen.Select(Gen.Int[1, 400], Gen.Int[1, 60], Gen.Int[0, 3], Gen.Bool).List[1, 40].Holds(
            requests =>
            {
                var scheduler = new Scheduler(new SchedulerSettings { BlockSize = 16, BlockCount = 40, MaxSequences = 5, MaxBatchedTokens = 128 });
                var sequences = new List<Sequence>();
                var gained = 0;
                foreach (var (prompt, answer, shared, leaves) in requests)
                {
                    var sequence = new Sequence(Tokens(shared * 10_000, prompt), Tokens(0, answer));
                    sequences.Add(sequence);
                    scheduler.Add(sequence, 0);
                    gained += scheduler.Step(0).Gained.Count;
                    Assert.InRange(scheduler.KvCacheUsage, 0, 1);
                    Assert.InRange(scheduler.Running, 0, 5);
                    if (leaves)
                    {
                        scheduler.Abort(sequence);
                    }
                }

                while (scheduler.Running + scheduler.Waiting > 0)
                {
                    var step = scheduler.Step(0);
                    Assert.False(step.Idle);
                    gained += step.Gained.Count;
                }

                Assert.Equal(0, scheduler.KvCacheUsage);
                Assert.Equal(0, scheduler.WaitingTokens);
                Assert.Equal(sequences.Sum(sequence => sequence.Generated), gained);
                Assert.Equal(sequences.Sum(sequence => sequence.CachedTokens), scheduler.PrefixCacheHits);
                Assert.True(scheduler.PrefixCacheHits < scheduler.PrefixCacheQueries || scheduler.PrefixCacheQueries == 0);
            },
            cases: 200);

    private static int[] Tokens(int start, int count) => [.. Enumerable.Range(start, count)];
}
