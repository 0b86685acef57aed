using AiInfra.AppHost.Planning;

namespace AiInfra.Bench.Planner;

/// <summary>
/// One published speed beside the roofline's: output tokens per second of one request, or prompt tokens per second of a prefill alone.
/// </summary>
internal sealed record SpeedPrediction(string Label, double Measured, double Predicted, string? LeftOut)
{
    public double Error => (Predicted / Measured) - 1;

    public static IEnumerable<SpeedPrediction> Of(SpeedRow row, LogModels models)
    {
        if (WhyNot(row, models) is { } reason)
        {
            yield return new SpeedPrediction(Name(row, "left out"), 0, 0, reason);
            yield break;
        }

        var model = models.Find(row.ModelId!)!;
        var gpu = Catalogue.FindGpu(row.Gpu)!;
        var tensor = row.TensorParallel ?? row.GpuCount ?? 1;
        var precision = WeightPrecision.TryParse(row.WeightQuantization ?? "none", out var known) ? known.On(model) : WeightPrecision.Bf16;
        var release = row.EngineVersion is { } version && row.Engine == "vllm" ? VllmVersion.Parse(version) : VllmVersion.Newest;
        var settings = SettingsResolver.Resolve(model, gpu, new ServingChoices(release)
        {
            Sequences = row.MaxNumSeqs,
            BatchedTokens = row.MaxNumBatchedTokens,
            Utilization = row.GpuMemoryUtilization,
            ContextTokens = Math.Min(model.ContextTokens, 32768),
        });
        var parallel = new Parallelism(tensor, 1, 1);
        var memory = MemoryPlan.Of(model, precision, gpu, parallel, settings);
        var roofline = new Roofline(model, precision, gpu, parallel, memory);
        var inFlight = row.Concurrency ?? row.MeanRequestsInFlightPerReplicaEstimate ?? 1;
        var (prompt, answer) = (row.InputTokens ?? 512, row.OutputTokens ?? 256);
        if (row.TpotSeconds is { } seconds)
        {
            yield return new SpeedPrediction(Name(row, "decode"), 1 / seconds, 1 / roofline.TokenSeconds(inFlight, prompt, answer), null);
        }
        else if (row.OutputTokensPerSecond is { } output)
        {
            yield return new SpeedPrediction(Name(row, "output"), output, roofline.OutputPerSecond(inFlight, prompt, answer), null);
        }

        // A first token after a queue says nothing about prefill: only requests alone count.
        if (row is { TtftSeconds: { } first, InputTokens: { } tokens, Concurrency: 1 } && tokens >= 1000)
        {
            yield return new SpeedPrediction(Name(row, "prefill"), tokens / first, tokens / roofline.Prefill(tokens), null);
        }
    }

    private static string? WhyNot(SpeedRow row, LogModels models)
    {
        bool Says(params ReadOnlySpan<string> words)
        {
            foreach (var word in words)
            {
                if ($"{row.Note} {row.Gpu} {row.ModelServed}".Contains(word, StringComparison.Ordinal))
                {
                    return true;
                }
            }

            return false;
        }

        return row.ModelId is null || models.Find(row.ModelId) is null ? "the model's shape is not known"
            : Says("(assumed)", "not stated") || Catalogue.FindGpu(row.Gpu) is null ? "the GPU is not stated"
            : Says("speculative", "several tokens per step", "multi-token", "MTP") ? "several tokens a step (speculation)"
            : Says("Ethernet", "two nodes") ? "ranks on several nodes, whose network is not stated"
            : Says("queue-bound", "admits few") ? "most of the requests wait: the number in flight is not known"
            : row.Concurrency is null && row.MeanRequestsInFlightPerReplicaEstimate is null ? "the number of requests in flight is not stated"
            : row.TpotSeconds is null && row.OutputTokensPerSecond is null && row.TtftSeconds is null ? "no speed"
            : null;
    }

    private static string Name(SpeedRow row, string what)
    {
        var inFlight = row.Concurrency ?? row.MeanRequestsInFlightPerReplicaEstimate;
        var text = $"{what} {row.ModelId ?? row.ModelServed} {row.WeightQuantization} {row.Gpu} x{row.GpuCount} c{inFlight}";
        return text[..Math.Min(70, text.Length)];
    }
}
