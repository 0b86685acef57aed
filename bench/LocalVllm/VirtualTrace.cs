using AiInfra.LocalVllm.Scheduling;

namespace AiInfra.Bench.LocalVllm;

/// <summary>A trace of chats with shared system prompts over several replicas, chosen in turn, in virtual time.</summary>
internal static class VirtualTrace
{
    /// <param name="seed">Decides arrivals, lengths and prefixes.</param>
    /// <param name="requests">How many come.</param>
    /// <param name="replicas">How many schedulers share them.</param>
    public static VirtualOutcome Run(int seed, int requests, int replicas)
    {
        var random = new Random(seed);
        var schedulers = Enumerable.Range(0, replicas).Select(_ => new Scheduler(new SchedulerSettings { BlockCount = 20_000 })).ToArray();
        var free = new double[replicas];
        var prefixes = Enumerable.Range(0, 20).Select(index => Tokens(random, 500 + 100 * index)).ToArray();
        var arrival = 0.0;
        var next = 0;
        long steps = 0;
        double firstTokens = 0;
        while (true)
        {
            // The next thing to happen: an arrival, or a step of the replica that is free first.
            var replica = -1;
            for (var i = 0; i < replicas; i++)
            {
                if (schedulers[i].Running + schedulers[i].Waiting > 0 && (replica < 0 || free[i] < free[replica]))
                {
                    replica = i;
                }
            }

            if (next < requests && (replica < 0 || arrival <= free[replica]))
            {
                var target = next++ % replicas;
                var prompt = (int[])[.. prefixes[random.Next(prefixes.Length)], .. Tokens(random, 20 + random.Next(400))];
                schedulers[target].Add(new Sequence(prompt, Tokens(random, 1 + random.Next(200))), arrival);
                free[target] = Math.Max(free[target], arrival);
                arrival += -Math.Log(1 - random.NextDouble()) / (4.0 * replicas);
                continue;
            }

            if (replica < 0)
            {
                break;
            }

            var step = schedulers[replica].Step(free[replica]);
            free[replica] += step.Seconds;
            steps++;
            foreach (var sequence in step.Gained)
            {
                firstTokens += sequence.Generated == 1 ? free[replica] - sequence.ArrivedAt : 0;
            }
        }

        return new VirtualOutcome(free.Max(), steps, firstTokens / requests, schedulers.Sum(scheduler => scheduler.PrefixCacheHits), schedulers.Sum(scheduler => scheduler.Preemptions));
    }

    private static int[] Tokens(Random random, int count)
    {
        var tokens = new int[count];
        for (var i = 0; i < count; i++)
        {
            tokens[i] = random.Next(49_000);
        }

        return tokens;
    }
}

/// <summary>What a run came to; equal for equal seeds.</summary>
internal sealed record VirtualOutcome(double VirtualSeconds, long Steps, double MeanFirstTokenSeconds, long CachedTokens, long Preemptions);
