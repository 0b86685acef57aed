namespace AiInfra.AppHost.Planning;

/// <summary>Turns a plan into its report.</summary>
internal static class PlanReporter
{
    public static PlanReport Of(Plan plan)
    {
        var (request, memory, parallel) = (plan.Request, plan.Memory, plan.Parallel);
        var settings = memory.Settings;
        var layout = memory.Layout;
        return new PlanReport(
            plan.Verdict, request.Model.Name, Math.Round(memory.Weights.Parameters / 1e9, 2), Math.Round(memory.Weights.ActiveParameters / 1e9, 2),
            request.Weights.On(request.Model).Name, request.Gpu.Name, request.Gpus, settings.Rules.Version.ToString(),
            new SplitReport(
                parallel.Tensor, parallel.Pipeline, parallel.Data, parallel.DecodeContext, parallel.PrefillContext, parallel.SharesExperts,
                parallel.Gpus, plan.ReplicasAvailable),
            settings.ContextTokens,
            [.. memory.Stages.Select(stage => new MemoryReport(
                stage.Stage, stage.Requested.Count, stage.Weights.Count, stage.Activation.Count, stage.OutsideTorch.Count,
                stage.Graphs.Count, stage.GraphsAreCounted, stage.Pool.Count, layout.Needed(settings.ContextTokens, stage.Stage).Count))],
            new CacheReport(
                settings.Cache.Name, layout.GrowthBytesPerToken, layout.AttentionBlockTokens, layout.LayerPageBytes, layout.StateBytes,
                layout.BlockBytesByStage, memory.Blocks,
                layout.BlocksPerRequest(settings.ContextTokens), memory.CacheTokens,
                layout.PrintedTokens(memory.Blocks, settings.ContextTokens), Math.Round(memory.Concurrency, 2),
                memory.LongestRequest(request.Model.ContextTokens),
                [.. layout.Groups.Select(group => new GroupReport(
                    group.Kind.ToString(), group.Layers.Count, group.BlockTokens, group.PageBytes, group.WindowTokens))]),
            plan.Speed is null ? null : Speed(plan, plan.Speed),
            plan.Load is not { } load ? null : new LoadReport(
                Math.Round(load.RequestsPerSecond, 3), Math.Round(load.RequestsInFlight, 1), load.SequencesPerReplica, load.Limit, load.Replicas,
                Math.Round(load.FirstTokenSeconds, 3), Math.Round(load.TokenSeconds, 5), load.Problem),
            [.. plan.Host.Services.Select(need => new HostReport(need.Service, need.CpuCores, need.Memory.Count, need.Disk.Count, need.Reason))],
            new NetworkReport(plan.Host.ClientBytesPerSecond, plan.Host.RankBytesPerSecond),
            plan.Memory.Starts ? plan.Arguments : [], plan.Alternatives, Assumptions(plan));
    }

    private static SpeedReport Speed(Plan plan, Roofline speed)
    {
        var work = plan.Request.Workload;
        return new SpeedReport(
            Math.Round(1 / speed.DecodeStep(1, work.PromptTokens), 1), plan.Load is { } load ? Math.Round(1 / load.TokenSeconds, 1) : 0,
            Math.Round(plan.Load?.OutputTokensPerSecond ?? 0, 1), Math.Round(work.PromptTokens / speed.Prefill(work.PromptTokens), 1),
            Roofline.BandwidthEfficiency, Roofline.ComputeEfficiency);
    }

    private static List<string> Assumptions(Plan plan)
    {
        var (request, settings) = (plan.Request, plan.Memory.Settings);
        var assumptions = new List<string>();
        if (request.Serving.Utilization is null)
        {
            assumptions.Add($"GPU memory utilization {settings.Utilization:0.##}: the default of vLLM {settings.Rules.Version}.");
        }

        if (request.Serving.Sequences is null || request.Serving.BatchedTokens is null)
        {
            var whose = request.KeepsReleaseDefaults ? ", the release's defaults" : "";
            assumptions.Add(
                $"{settings.BatchedTokens} batched tokens and {settings.Sequences} sequences a step{whose}; the profile run's peak follows them.");
        }

        if (!settings.Rules.CountsCudaGraphs && plan.Memory.Stages[0].Graphs > Bytes.Zero)
        {
            assumptions.Add($"This release takes CUDA graphs ({plan.Memory.Stages[0].Graphs}) on top of the utilization: keep that free.");
        }

        if (request.Gpu.IsUnified)
        {
            assumptions.Add("CPU and GPU share this memory: drop caches before a start; two starts differ by several GiB, so a twentieth is kept.");
        }

        if (request.Model.IsHybrid && !settings.PrefixCaching)
        {
            assumptions.Add("Prefix caching is off, as vLLM has it for models with recurrent layers.");
        }

        if (plan.Speed is null)
        {
            assumptions.Add("No speed is predicted: bandwidth and operations of the GPU are not given.");
        }
        else
        {
            assumptions.Add(
                $"Speeds are a roofline at {Roofline.BandwidthEfficiency:0%} of bandwidth and {Roofline.ComputeEfficiency:0%} of dense "
                + "operations, without what speculation gains; published rows scatter by a quarter around it.");
        }

        return assumptions;
    }
}
