namespace AiInfra.AppHost.Planning;

/// <summary>Makes a plan: the split that starts, its memory, speed, replicas, and what the hosts need. The library's entry.</summary>
internal static class Planner
{
    /// <exception cref="PlanInputException">The input is wrong whatever the memory; the message names the nearest that works.</exception>
    public static Plan Make(PlanRequest request)
    {
        PlanChecks.Check(request);
        var best = Best(request) ?? throw new PlanInputException(
            $"No split of {request.Model.Name} fits {request.Gpus} GPUs.", "Give --tp and --pp by hand, or more GPUs.");
        var (parallel, memory) = best;
        var weights = request.Weights.On(request.Model);
        var roofline = request.Gpu.BandwidthBytesPerSecond > 0 && request.Gpu.Flops16 > 0
            ? new Roofline(request.Model, weights, request.Gpu, parallel, memory)
            : null;
        var load = memory.Starts && roofline is not null ? LoadPlan.Of(request, parallel, memory, roofline) : null;
        return new Plan(request, parallel, memory, roofline, load, HostResources.Of(request, parallel, memory, load))
        {
            Alternatives = memory.StartsSurely ? [] : Alternatives.For(request),
        };
    }

    /// <summary>Whether any split starts.</summary>
    public static bool Fits(PlanRequest request) => Best(request) is { Memory.StartsSurely: true };

    /// <summary>The smallest split that starts; else the one with the largest pool.</summary>
    private static (Parallelism Parallel, MemoryPlan Memory)? Best(PlanRequest request)
    {
        (Parallelism Parallel, MemoryPlan Memory)? fallback = null;
        var settings = SettingsResolver.Resolve(request.Model, request.Gpu, BatchAdvice.For(request));
        foreach (var parallel in Splits(request))
        {
            var memory = MemoryPlan.Of(request.Model, request.Weights.On(request.Model), request.Gpu, parallel, settings);
            if (memory.StartsSurely)
            {
                return (parallel, memory);
            }

            if (fallback is null || (memory.Starts && !fallback.Value.Memory.Starts)
                || (memory.Starts == fallback.Value.Memory.Starts && memory.Tightest.Pool > fallback.Value.Memory.Tightest.Pool))
            {
                fallback = (parallel, memory);
            }
        }

        return fallback;
    }

    /// <summary>Splits in the order of their GPUs; inside a node by tensors, over nodes by pipeline.</summary>
    private static IEnumerable<Parallelism> Splits(PlanRequest request)
    {
        if (request.Parallelism is { } given)
        {
            return [given];
        }

        return from pipeline in Enumerable.Range(1, Math.Min(request.Nodes, request.Model.Layers.Count))
               from tensor in Enumerable.Range(1, request.GpusPerNode)
               where (tensor & (tensor - 1)) == 0 && PlanChecks.CanSplit(request.Model, tensor) && (pipeline == 1 || tensor == LargestTensor(request))
               orderby tensor * pipeline
               select new Parallelism(tensor, pipeline, 1);
    }

    private static int LargestTensor(PlanRequest request) =>
        Enumerable.Range(1, request.GpusPerNode).Last(tensor => (tensor & (tensor - 1)) == 0 && PlanChecks.CanSplit(request.Model, tensor));
}
