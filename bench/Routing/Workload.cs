using AiInfra.Gateway.Routing;

namespace AiInfra.Bench.Routing;

/// <summary>A scenario's arrivals, and their prompts as tokens and as chained hashes.</summary>
internal static class Workload
{
    // Sequences that share a step, for the estimate of what a replica can carry.
    private const int UsualBatch = 16;

    /// <summary>The trace's requests, their times stretched to the load, with a little jitter.</summary>
    public static IReadOnlyList<(TraceRequest Request, int Gateway)> Arrivals(Scenario scenario)
    {
        var random = new Random(scenario.Seed);
        var trace = scenario.Trace;
        var stretch = WorkSeconds(trace) / (scenario.Replicas - (scenario.SlowReplicas / 2.0)) / scenario.Load / trace.Seconds;
        var requests = trace.Requests
            .Select(request => request with { At = (request.At * stretch) + (random.NextDouble() * 0.02) })
            .Concat(Burst(scenario, trace.Seconds * stretch / 2))
            .OrderBy(request => request.At);
        return [.. requests.Select(request => (request, random.Next(scenario.Gateways)))];
    }

    /// <summary>Seconds of one replica for the whole trace, if every block were computed once only.</summary>
    public static double WorkSeconds(Trace trace)
    {
        var seen = new HashSet<int>();
        var profile = Fleet.Profile;
        var seconds = 0.0;
        foreach (var request in trace.Requests)
        {
            var cached = 0;
            var isPrefix = true;
            foreach (var block in request.Blocks)
            {
                isPrefix &= !seen.Add(block);
                cached += isPrefix ? Trace.BlockTokens : 0;
            }

            var uncached = Math.Max(1, request.PromptTokens - cached);
            seconds += profile.PerPrompt + (uncached * profile.PerPrefillToken)
                + (request.AnswerTokens * (profile.PerSequence + (profile.Base / UsualBatch)));
        }

        return seconds;
    }

    public static int AllTokens(Scenario scenario) =>
        (int)Math.Min(1_500_000_000, scenario.Trace.Requests.Sum(request => (long)request.PromptTokens + request.AnswerTokens + 128) + (scenario.BurstRequests * 10_000L));

    public static ulong[] Chain(TraceRequest request)
    {
        // Full blocks only, as in an engine: the tail is never found again.
        var chain = new ulong[request.PromptTokens / Trace.BlockTokens];
        var state = 1UL;
        for (var i = 0; i < chain.Length; i++)
        {
            chain[i] = state = PromptHash.Mix(state ^ ((ulong)request.Blocks[i] + 0x1234_5678));
        }

        return chain;
    }

    /// <summary>The chain with the answer behind it, which nobody asks for again in these traces but which fills the cache.</summary>
    public static ulong[] ChainWithAnswer(TraceRequest request, ReadOnlySpan<ulong> prompt)
    {
        var chain = new ulong[(request.PromptTokens + request.AnswerTokens) / Trace.BlockTokens];
        prompt.CopyTo(chain);
        var state = PromptHash.Mix((ulong)request.Blocks[^1] ^ BitConverter.DoubleToUInt64Bits(request.At));
        for (var i = prompt.Length; i < chain.Length; i++)
        {
            chain[i] = state = PromptHash.Mix(state + 1);
        }

        return chain;
    }

    public static int[] Tokens(TraceRequest request)
    {
        var tokens = new int[request.PromptTokens];
        for (var i = 0; i < tokens.Length; i++)
        {
            tokens[i] = (request.Blocks[i / Trace.BlockTokens] * Trace.BlockTokens) + (i % Trace.BlockTokens);
        }

        return tokens;
    }

    private static IEnumerable<TraceRequest> Burst(Scenario scenario, double at)
    {
        const int SharedBlocks = 16;
        var next = scenario.Trace.Requests.Max(request => request.Blocks.Max()) + 1;
        for (var i = 0; i < scenario.BurstRequests; i++)
        {
            yield return new TraceRequest(
                at + (i * 0.001), [.. Enumerable.Range(next, SharedBlocks), next + SharedBlocks + i], (SharedBlocks * Trace.BlockTokens) + 100, 100);
        }
    }
}
