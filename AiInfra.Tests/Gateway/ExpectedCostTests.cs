using AiInfra.Gateway.Routing;

namespace AiInfra.Tests.Gateway;

/// <summary>Stories about the router, told in events and times.</summary>
public sealed class ExpectedCostTests
{
    private const double BlockTokens = 64;

    private readonly ExpectedCostPolicy _policy = new(65_536, new Random(7));
    private TimeSpan _now;

    [Fact]
    public void A_conversation_goes_back_to_the_replica_that_has_its_beginning()
    {
        WarmUp("a", "b", "c", "d");
        var first = Ask(Chain(1, 40), "a", "b", "c", "d");
        Answer(first);

        for (var turn = 1; turn < 20; turn++)
        {
            var next = Ask(Chain(1, 40 + turn), "a", "b", "c", "d");
            Assert.Equal(first.Replica, next.Replica);
            Assert.True(next.ExpectedCached >= 40 * BlockTokens * 0.9);
            Answer(next);
        }
    }

    [Fact]
    public void A_busy_replica_loses_the_conversation_when_waiting_costs_more_than_computing_anew()
    {
        WarmUp("a", "b");
        var first = Ask(Chain(1, 8), "a", "b");
        Answer(first);
        for (var i = 0; i < 6; i++)
        {
            // Long prompts that only the holder of the prefix may take: it is busy for seconds.
            Ask(Chain(100 + i, 800), first.Replica!);
        }

        var next = Ask(Chain(1, 9), "a", "b");

        Assert.NotEqual(first.Replica, next.Replica);
    }

    [Fact]
    public void A_replica_that_has_never_answered_gets_one_request_until_it_does()
    {
        WarmUp("a");
        var toNew = 0;
        for (var i = 0; i < 10; i++)
        {
            var placed = Ask(Chain(50 + i, 20), "a", "new");
            toNew += placed.Replica == "new" ? 1 : 0;
            if (placed.Replica == "a")
            {
                Answer(placed);
            }
        }

        Assert.Equal(1, toNew);
    }

    [Fact]
    public void A_slow_replica_gets_fewer_requests_than_a_fast_one()
    {
        var counts = new Dictionary<string, int> { ["fast"] = 0, ["slow"] = 0 };
        for (var i = 0; i < 400; i++)
        {
            var placed = Ask(Chain(1000 + i, 30), "fast", "slow");
            counts[placed.Replica!]++;
            Answer(placed, placed.Replica == "slow" ? 4 : 1);
        }

        Assert.True(counts["fast"] > 3 * counts["slow"], $"fast {counts["fast"]}, slow {counts["slow"]}");
    }

    [Fact]
    public void After_a_restart_nothing_is_expected_in_the_cache()
    {
        WarmUp("a");
        Answer(Ask(Chain(1, 40), "a"));
        Assert.True(Ask(Chain(1, 40), "a").ExpectedCached > 0);

        var restarted = Pick(Chain(1, 40), [new RouteCandidate("a", 0, null, null, null, Restarts: 1)]);

        Assert.Equal(0, restarted.ExpectedCached);
    }

    [Fact]
    public void Reports_of_less_than_was_expected_lower_the_expectation()
    {
        WarmUp("a");
        Answer(Ask(Chain(1, 40), "a"));
        for (var i = 0; i < 30; i++)
        {
            var placed = Ask(Chain(1, 40), "a");
            placed.Usage = new ReportedUsage(40 * 64, 0, 10);
            Answer(placed);
        }

        Assert.True(Ask(Chain(1, 40), "a").ExpectedCached < 0.2 * 40 * BlockTokens);
    }

    [Fact]
    public void Requests_of_other_gateways_count_as_waiting()
    {
        WarmUp("a", "b");

        var placed = Pick(Chain(9, 10), [new RouteCandidate("a", 0, 5, 20, null, 0), new RouteCandidate("b", 0, null, null, null, 0)]);

        Assert.Equal("b", placed.Replica);
    }

    [Fact]
    public void The_receipt_names_every_candidates_terms()
    {
        WarmUp("a", "b");
        var request = new RouteRequest { Blocks = Chain(3, 4), BlockTokens = BlockTokens, PromptTokens = 256, WantsReceipt = true };

        _policy.Pick([new RouteCandidate("a", 0, null, null, null, 0), new RouteCandidate("b", 0, null, null, null, 0)], request, _now);

        Assert.Contains("a wait=", request.Receipt, StringComparison.Ordinal);
        Assert.Contains("b wait=", request.Receipt, StringComparison.Ordinal);
    }

    [Fact]
    public void Nothing_grows_without_bound()
    {
        var policy = new ExpectedCostPolicy(256, new Random(1));
        for (var i = 0; i < 5000; i++)
        {
            var request = new RouteRequest { Blocks = Chain(i, 50), BlockTokens = BlockTokens, PromptTokens = 3200 };
            policy.Pick([new RouteCandidate($"replica{i}", 0, null, null, null, 0)], request, _now);
            policy.Handle(RouteEvent.FirstToken, request, _now);
            policy.Handle(RouteEvent.Finished, request, _now);
        }

        Assert.True(policy.LedgerCount <= 512);
    }

    [Fact]
    public void Ten_thousand_random_stories_keep_the_books_straight()
    {
        for (var seed = 0; seed < 200; seed++)
        {
            var random = new Random(seed);
            var policy = new ExpectedCostPolicy(512, random);
            var open = new List<RouteRequest>();
            var now = TimeSpan.Zero;
            for (var step = 0; step < 50; step++)
            {
                now += TimeSpan.FromMilliseconds(random.Next(500));
                if (open.Count == 0 || random.Next(2) == 0)
                {
                    var request = new RouteRequest { Blocks = Chain(random.Next(5), random.Next(20)), BlockTokens = BlockTokens, PromptTokens = random.Next(1, 3000) };
                    var candidates = Enumerable.Range(0, random.Next(1, 5)).Select(i => new RouteCandidate($"r{i}", 0, null, random.Next(3), 4096, random.Next(2))).ToArray();
                    Assert.InRange(policy.Pick(candidates, request, now), 0, candidates.Length - 1);
                    Assert.True(double.IsFinite(request.ExpectedPrefill) && request.ExpectedPrefill >= 0 && request.ExpectedWait >= 0);
                    open.Add(request);
                }
                else
                {
                    var request = open[random.Next(open.Count)];
                    policy.Handle((RouteEvent)random.Next(3), request, now);
                    open.Remove(request);
                }
            }

            foreach (var request in open)
            {
                policy.Handle(RouteEvent.Abandoned, request, now);
            }

            Assert.Equal(0, policy.PendingCount);
        }
    }

    /// <summary>The chained hashes of a prompt whose first blocks are those of every longer prompt with the same number.</summary>
    private static ulong[] Chain(int conversation, int blocks)
    {
        var hashes = new ulong[blocks];
        var state = PromptHash.Mix((ulong)conversation + 1);
        for (var i = 0; i < blocks; i++)
        {
            hashes[i] = state = PromptHash.Mix(state + (ulong)i);
        }

        return hashes;
    }

    private RouteRequest Ask(ulong[] blocks, params string[] replicas) =>
        Pick(blocks, [.. replicas.Select(id => new RouteCandidate(id, 0, null, null, null, 0))]);

    private RouteRequest Pick(ulong[] blocks, RouteCandidate[] candidates)
    {
        _now += TimeSpan.FromMilliseconds(100);
        var request = new RouteRequest { Blocks = blocks, BlockTokens = BlockTokens, PromptTokens = Math.Max(1, blocks.Length) * BlockTokens };
        Assert.Equal(candidates[_policy.Pick(candidates, request, _now)].Id, request.Replica);
        return request;
    }

    private void Answer(RouteRequest request, double slowness = 1)
    {
        _now += TimeSpan.FromSeconds(slowness * (0.02 + request.ExpectedUncached * 0.000_2));
        _policy.Handle(RouteEvent.FirstToken, request, _now);
        _now += TimeSpan.FromMilliseconds(500);
        _policy.Handle(RouteEvent.Finished, request, _now);
    }

    private void WarmUp(params string[] replicas)
    {
        foreach (var id in replicas)
        {
            for (var i = 0; i < 5; i++)
            {
                Answer(Ask(Chain(10_000 + (i * 31) + id[0], 4 + (8 * i)), id));
            }
        }
    }
}
