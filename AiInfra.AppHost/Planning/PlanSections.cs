using System.Globalization;

namespace AiInfra.AppHost.Planning;

/// <summary>A titled list of lines, for people.</summary>
internal sealed record PlanSection(string Title, IReadOnlyList<(string Name, string Value)> Lines);

/// <summary>Puts a report into words; table and Markdown show the same.</summary>
internal static class PlanSections
{
    public static IReadOnlyList<PlanSection> Of(PlanReport report)
    {
        var stage = report.Memory.MinBy(memory => memory.PoolBytes - memory.NeededBytes)!;
        var sections = new List<PlanSection>
        {
            new("Verdict",
            [
                ("it", report.Verdict + (report.Verdict == "starts" ? ""
                    : stage.PoolBytes <= 0 ? $": weights and reserves exceed the {Size(stage.RequestedBytes)} of a GPU by {Size(-stage.PoolBytes)}"
                    : $": one request of {report.ContextTokens:N0} tokens needs {Size(stage.NeededBytes)}, {Size(stage.PoolBytes)} is left")),
                .. report.Alternatives.Select(alternative => ("would fit with", alternative)),
            ]),
            new("Model and GPUs",
            [
                ("model", $"{report.Model}, {report.ParametersBillions} billion parameters, {report.ActiveParametersBillions} active"),
                ("weights", report.Weights),
                ("GPUs", $"{report.Gpus} x {report.Gpu}"),
                ("split of a replica", $"TP {report.Split.TensorParallel}, PP {report.Split.PipelineParallel}, DP {report.Split.DataParallel}"),
                ("replicas possible", $"{report.Split.ReplicasAvailable}, of {report.Split.GpusPerReplica} GPUs each"),
                ("vLLM", report.VllmVersion),
            ]),
            new(report.Memory.Count == 1 ? "Memory of a GPU" : $"Memory of a GPU, tightest stage ({stage.Stage})",
            [
                ("requested", Size(stage.RequestedBytes)),
                ("weights", Size(stage.WeightsBytes)),
                ("activation peak", Size(stage.ActivationBytes)),
                ("outside PyTorch", Size(stage.OutsideTorchBytes)),
                ("CUDA graphs", Size(stage.CudaGraphBytes) + (stage.CudaGraphsAreInsideBudget ? "" : " (on top)")),
                ("left for the cache", Size(stage.PoolBytes)),
            ]),
            new("Cache",
            [
                (
                    "bytes a token and GPU",
                    report.Cache.BytesPerTokenPerGpu.ToString("N0", CultureInfo.InvariantCulture) + $" ({report.Cache.Type})"),
                ("blocks", $"{report.Cache.Blocks:N0} of {Size(report.Cache.BlockBytes[stage.Stage])}, {report.Cache.AttentionBlockTokens} tokens"),
                ("page of a layer", Size(report.Cache.LayerPageBytes)),
                .. report.Cache.Groups.GroupBy(group => (group.Kind, group.BlockTokens, group.PageBytes)).Select(group => (
                    $"{group.Key.Kind.ToLowerInvariant()} groups",
                    $"{group.Count()} of {group.Max(member => member.Layers)} layers, {group.Key.BlockTokens} tokens and {Size(group.Key.PageBytes)} a page")),
                ("tokens", report.Cache.CacheTokens.ToString("N0", CultureInfo.InvariantCulture)),
                ("requests of full length", $"{report.Cache.MaxConcurrencyAtFullContext:0.00} x {report.ContextTokens:N0} tokens"),
                ("longest request", $"{report.Cache.LongestRequestTokens:N0} tokens"),
            ]),
        };
        if (report.Speed is { } speed)
        {
            sections.Add(new PlanSection("Speed of a replica",
            [
                ("decode, alone", $"{speed.DecodeTokensPerSecondAlone:0.0} tokens/s"),
                .. report.Load is null ? Array.Empty<(string, string)>() :
                [
                    ("decode, at load", $"{speed.DecodeTokensPerSecondPerRequestAtLoad:0.0} tokens/s a request"),
                    ("output, at load", $"{speed.OutputTokensPerSecondPerReplicaAtLoad:N0} tokens/s"),
                ],
                ("prefill", $"{speed.PrefillTokensPerSecond:N0} tokens/s"),
            ]));
        }

        if (report.Load is { } load)
        {
            sections.Add(new PlanSection("Load",
            [
                ("at the peak", $"{load.RequestsPerSecond:0.00} requests/s, {load.RequestsInFlight:0.0} in flight"),
                ("a replica takes", $"{load.SequencesPerReplica} requests in flight (limited by {load.LimitedBy}), planned at 80 %"),
                ("first token, token", $"{load.FirstTokenSeconds:0.00} s, {load.TokenSeconds * 1000:0.0} ms"),
                ("replicas", load.Replicas is not { } replicas ? "none meets the service levels"
                    : replicas <= report.Split.ReplicasAvailable ? $"{replicas} of {report.Split.ReplicasAvailable} possible"
                    : $"{replicas}: {(replicas - report.Split.ReplicasAvailable) * report.Split.GpusPerReplica} GPUs more than given"),
                .. load.Problem is { } problem ? [("but", problem)] : Array.Empty<(string, string)>(),
            ]));
        }

        sections.Add(new PlanSection("Hosts", [.. report.Hosts.Select(host =>
            (host.Service, $"{host.CpuCores:0.#} cores, {Size(host.MemoryBytes)} memory, {Size(host.DiskBytes)} disk: {host.Reason}"))]));
        sections.Add(new PlanSection("Network",
        [
            ("gateway to clients", $"{report.Network.ClientBytesPerSecond / 1e6:0.00} MB/s"),
            ("between ranks", $"{report.Network.BetweenRanksBytesPerSecondPerReplica / 1e6:0.00} MB/s a replica"),
        ]));
        if (report.VllmArguments.Count > 0)
        {
            sections.Add(new PlanSection("vLLM", [("command", "vllm " + string.Join(' ', report.VllmArguments.Select(Quoted)))]));
        }

        sections.Add(new PlanSection(
            "Assumptions",
            [.. report.Assumptions.Select((assumption, index) => ((index + 1).ToString(CultureInfo.InvariantCulture), assumption))]));
        return sections;
    }

    private static string Size(long bytes) => new Bytes(bytes).ToString();

    private static string Quoted(string argument) => argument.AsSpan().ContainsAny(" {}\"'") ? $"'{argument}'" : argument;
}
