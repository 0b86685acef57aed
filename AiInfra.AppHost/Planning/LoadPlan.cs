namespace AiInfra.AppHost.Planning;

/// <summary>Replicas for a load within its service levels.</summary>
/// <param name="SequencesPerReplica">Requests in flight on a replica at most: by cache, by max-num-seqs and by the time of a token.</param>
/// <param name="Limit">What limits them.</param>
/// <param name="Replicas">Replicas needed; null when the service levels cannot be met at all.</param>
/// <param name="RequestsInFlight">Requests in flight at the peak.</param>
/// <param name="RequestsPerSecond">Requests per second at the peak.</param>
/// <param name="FirstTokenSeconds">Mean time to the first token at the planned load: prefill of the uncached part and one step's wait.</param>
/// <param name="TokenSeconds">Mean time of a token at the planned load.</param>
/// <param name="OutputTokensPerSecond">Output tokens per second of a replica at the planned load.</param>
internal sealed record LoadPlan(
    int SequencesPerReplica, string Limit, int? Replicas, double RequestsInFlight, double RequestsPerSecond, double FirstTokenSeconds,
    double TokenSeconds, double OutputTokensPerSecond)
{
    /// <summary>Share of a replica's capacity that the peak may use: the rest absorbs bursts and the loss of a replica's warm cache.</summary>
    public const double Headroom = 0.8;

    public string? Problem { get; init; }

    public static LoadPlan Of(PlanRequest request, Parallelism parallel, MemoryPlan memory, Roofline roofline)
    {
        var work = request.Workload;
        var uncached = Math.Max(1, work.PromptTokens * (1 - work.CachedShare));
        double Token(double sequences) => roofline.TokenSeconds(sequences, uncached, work.AnswerTokens);

        // 1. How many requests one replica takes: the smallest of three limits.
        var byCache = (int)Math.Min(1_000_000, memory.Layout.Concurrency(memory.Blocks, work.PromptTokens + work.AnswerTokens));
        var byTime = Largest(sequences => Token(sequences) <= work.TokenLimitSeconds, Math.Max(1, Math.Min(byCache, memory.Settings.Sequences)));
        var sequences = Math.Max(1, Math.Min(byTime, Math.Min(byCache, memory.Settings.Sequences)));
        var limit = sequences == byTime && byTime < Math.Min(byCache, memory.Settings.Sequences) ? "time of a token"
            : byCache < memory.Settings.Sequences ? "cache" : "max-num-seqs";

        // 2. What the load needs.
        var first = roofline.Prefill(uncached) + Token(sequences);
        var lifetime = first + (work.AnswerTokens * Token(sequences));
        var perReplica = sequences / lifetime;
        var rate = work.PeakRequestsPerSecond ?? (work.Concurrency ?? sequences) / lifetime;
        var inFlight = work.Concurrency ?? rate * lifetime;
        var replicas = Math.Max(1, (int)Math.Ceiling(inFlight / (sequences * Headroom) - 1e-9));
        if (work.Concurrency is null && work.Users is null)
        {
            replicas = 1;
        }

        var problem = Token(1) > work.TokenLimitSeconds
            ? $"Even alone a request takes {Token(1) * 1000:0.0} ms a token; {work.TokenLimitSeconds * 1000:0.0} ms needs more tensor "
                + "parallelism, fewer bits or a faster GPU."
            : roofline.Prefill(uncached) > work.FirstTokenSeconds
                ? $"Prefill of {uncached:N0} uncached tokens alone takes {roofline.Prefill(uncached):0.00} s; "
                    + $"{work.FirstTokenSeconds:0.00} s needs shorter prompts, more cached prefix or more compute."
                : null;
        return new LoadPlan(
            sequences, limit, problem is null ? replicas : null, inFlight, rate, first,
            Token(Math.Min(sequences, Math.Max(1, inFlight / replicas))), perReplica * work.AnswerTokens)
        {
            Problem = problem,
        };
    }

    private static int Largest(Func<int, bool> holds, int limit)
    {
        int low = 0, high = limit;
        while (low < high)
        {
            var middle = low + ((high - low + 1) / 2);
            (low, high) = holds(middle) ? (middle, high) : (low, middle - 1);
        }

        return low;
    }
}
