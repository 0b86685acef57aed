namespace AiInfra.AppHost.Planning;

/// <summary>For a plan that does not fit: the nearest changes of one thing at a time that do.</summary>
internal static class Alternatives
{
    public static IReadOnlyList<string> For(PlanRequest request)
    {
        var serving = request.Serving;
        var found = new List<string>();
        void Try(string words, PlanRequest changed)
        {
            if (Planner.Fits(changed))
            {
                found.Add(words);
            }
        }

        if (LongestContext(request) is { } context && context >= request.Workload.PromptTokens + request.Workload.AnswerTokens)
        {
            found.Add($"--context {context}");
        }

        if (serving.Cache == CacheType.Auto && !request.Gpu.Capability.StartsWith('7'))
        {
            Try("--kv fp8", request with { Serving = serving with { Cache = CacheType.Fp8 } });
        }

        foreach (var weights in new[] { WeightPrecision.Fp8, WeightPrecision.Int4 })
        {
            if (weights.ExpertBits < request.Weights.ExpertBits)
            {
                Try($"--weights {weights.Name}", request with { Weights = weights });
            }
        }

        if ((serving.Utilization ?? 0.9) < 0.95 && !request.Gpu.IsUnified)
        {
            Try("--utilization 0.95", request with { Serving = serving with { Utilization = 0.95 } });
        }

        if (serving.Sequences is null or > 16)
        {
            Try(
                "--max-num-seqs 16 --max-num-batched-tokens 2048",
                request with { Serving = serving with { Sequences = 16, BatchedTokens = 2048 } });
        }

        foreach (var gpus in new[] { 2, 4, 8, 16 })
        {
            if (gpus > request.GpusPerNode && found.Count == found.Count(words => !words.StartsWith("--gpus", StringComparison.Ordinal)))
            {
                Try($"--gpus-per-node {gpus}", request with { GpusPerNode = gpus, Parallelism = null });
            }
        }

        TryBoth(request, found);
        if (found.Count == 0)
        {
            foreach (var gpu in Catalogue.Gpus.OrderBy(gpu => gpu.UsableMemory))
            {
                if (found.Count == 0)
                {
                    Try($"--gpu \"{gpu.Name}\" --gpus-per-node 8", request with { Gpu = gpu, GpusPerNode = 8, Parallelism = null });
                }
            }
        }

        return found;
    }

    /// <summary>Fewer bits and more GPUs together, where that takes fewer GPUs than more of them alone.</summary>
    private static void TryBoth(PlanRequest request, List<string> found)
    {
        var alone = found.FirstOrDefault(words => words.StartsWith("--gpus", StringComparison.Ordinal));
        foreach (var gpus in new[] { 2, 4, 8 })
        {
            var words = $"--weights {WeightPrecision.Int4.Name} --gpus-per-node {gpus}";
            if (request.Weights.ExpertBits > WeightPrecision.Int4.ExpertBits && gpus > request.GpusPerNode && alone != $"--gpus-per-node {gpus}"
                && !found.Any(line => line.StartsWith("--weights", StringComparison.Ordinal))
                && Planner.Fits(request with { GpusPerNode = gpus, Parallelism = null, Weights = WeightPrecision.Int4 }))
            {
                found.Add(words);
                return;
            }
        }
    }

    private static int? LongestContext(PlanRequest request)
    {
        int low = 0, high = (request.Serving.ContextTokens ?? request.Model.ContextTokens) / 256;
        while (low < high)
        {
            var middle = low + ((high - low + 1) / 2);
            var shorter = request with { Serving = request.Serving with { ContextTokens = middle * 256 } };
            (low, high) = Planner.Fits(shorter) ? (middle, high) : (low, middle - 1);
        }

        return low > 0 ? low * 256 : null;
    }
}
