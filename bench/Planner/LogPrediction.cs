using AiInfra.AppHost.Planning;

namespace AiInfra.Bench.Planner;

/// <summary>
/// What the planner says about one log: from its printed pool (the formula), and from nothing but model, GPU and settings (the whole).
/// </summary>
internal sealed record LogPrediction(LogRow Row)
{
    /// <summary>
    /// Relative error of tokens (or blocks, or concurrency) computed from the printed pool; null where the log lacks what is needed.
    /// </summary>
    public double? FormulaError { get; init; }

    public double? ConcurrencyError { get; init; }

    public double? PoolErrorOfDevice { get; init; }

    /// <summary>Attention block computed / printed - 1 (models with recurrent layers).</summary>
    public double? BlockError { get; init; }

    public double? WeightsError { get; init; }

    public bool? StartsPredicted { get; init; }

    /// <summary>Whether the row may count for the whole prediction.</summary>
    public bool Counts { get; init; }

    public string Reason { get; init; } = "";

    /// <summary>Another rank than the printed one decided: the pool is the one that the printed tokens imply.</summary>
    public bool IsComparedWithSmallestRank { get; init; }

    /// <summary>The formula reserves the tokens of a step for windows, and the log does not say how many those are.</summary>
    public bool WindowsFollowUnpublishedBatch { get; init; }

    public static LogPrediction Of(LogRow row, LogModels models)
    {
        try
        {
            return Predict(row, models);
        }
        catch (PlanInputException problem)
        {
            return new LogPrediction(row) { Reason = problem.Message };
        }
    }

    private static LogPrediction Predict(LogRow row, LogModels models)
    {
        var prediction = new LogPrediction(row);
        if ((Catalogue.FindModel(row.ModelServed) ?? (row.ModelId is null ? null : models.Find(row.ModelId))) is not { } model)
        {
            return prediction with { Reason = "the log names no model of known shape" };
        }

        if ((row.TensorParallel ?? (row.GpuCount == 1 ? 1 : null)) is not { } tensor)
        {
            return prediction with { Reason = "how the GPUs share the model is not published" };
        }

        var (gpu, isNamed) = LogGpus.Find(row.Gpu, row.LoggedDeviceTotalBytes);
        var parallel = new Parallelism(tensor, row.PipelineParallel, row.DataParallel)
        {
            DecodeContext = row.DecodeContextParallel,
            SharesExperts = row.ExpertParallel,
        };
        var settings = SettingsResolver.Resolve(model, gpu ?? LogGpus.Unknown, Choices(row));
        var memory = MemoryPlan.Of(model, Precision(row, model), gpu ?? LogGpus.Unknown, parallel, settings);
        var (formula, concurrency) = Formula(row, memory.Layout, settings);
        prediction = prediction with
        {
            FormulaError = formula,
            ConcurrencyError = concurrency,
            WindowsFollowUnpublishedBatch = row.MaxNumBatchedTokens is null && memory.Layout.Groups.Any(group => group.Kind == CacheKind.Sliding),
            BlockError = row.LoggedAttentionBlockTokens is { } block ? ((double)memory.Layout.AttentionBlockTokens / block) - 1 : null,
        };
        if (gpu is null)
        {
            return prediction with { Reason = "the GPU is not named" };
        }

        var pool = memory.Tightest.Pool;
        var deciding = DecidingPool(row, tensor, memory.Layout, formula);
        return prediction with
        {
            IsComparedWithSmallestRank = deciding != row.LoggedAvailableKvBytesPerGpu,
            PoolErrorOfDevice = deciding is { } logged ? (pool.Count - logged) / (double)gpu.UsableMemory.Count : null,
            WeightsError = row.LoggedWeightsBytesPerGpu is { } weights ? ((double)memory.Tightest.Weights.Count / weights) - 1 : null,
            StartsPredicted = memory.StartsSurely,
            Counts = isNamed && row.InputsInferredFromALog.Count == 0 && row.GpuMemoryUtilization is not null,
            Reason = !isNamed ? "the GPU is named by its size only"
                : row.InputsInferredFromALog.Count > 0 ? "inputs inferred from this log"
                : row.GpuMemoryUtilization is null ? "its utilization is not published; the release's default was taken" : "",
        };
    }

    private static (double? Formula, double? Concurrency) Formula(LogRow row, CacheLayout layout, ServingSettings settings)
    {
        var pool = row.LoggedAvailableKvBytesPerGpu;
        if (pool is null)
        {
            // A refused start prints what one request needs: the same formula without the pool.
            return (null, null);
        }

        var blocks = Enumerable.Range(0, layout.BlockBytesByStage.Count).Min(stage => layout.Blocks(new Bytes(pool.Value), stage));
        double? concurrency = row is { LoggedMaxConcurrency: { } most, LoggedConcurrencyTokensPerRequest: { } tokens }
            ? (layout.Concurrency(blocks, tokens) / most) - 1
            : null;
        double? formula = row.LoggedKvCacheTokens is { } printed ? (layout.PrintedTokens(blocks, settings.ContextTokens) / (double)printed) - 1
            : row.LoggedGpuBlocks is { } count ? (blocks / (double)count) - 1
            : row.LoggedNeededKvBytesPerGpu is { } needed ? (layout.Needed(settings.ContextTokens, 0).Count / (double)needed) - 1
            : concurrency;
        return (formula, concurrency);
    }

    /// <summary>
    /// The pool that decided. Each rank prints its own; where the tokens are more than 2 % below what the printed pool holds, a rank with less
    /// free memory set them.
    /// </summary>
    private static long? DecidingPool(LogRow row, int tensor, CacheLayout layout, double? formula) =>
        tensor > 1 && formula > 0.02 && layout.Groups.Count == 1 && row.LoggedKvCacheTokens is { } tokens
            ? tokens / layout.AttentionBlockTokens * layout.BlockBytesByStage[0]
            : row.LoggedAvailableKvBytesPerGpu;

    private static ServingChoices Choices(LogRow row) => new(Release(row.VllmVersion))
    {
        Cache = CacheType.Parse(row.KvCacheDtype),
        ContextTokens = row.MaxModelLenTokens ?? row.LoggedConcurrencyTokensPerRequest,
        BatchedTokens = row.MaxNumBatchedTokens,
        Sequences = row.MaxNumSeqs,
        Utilization = row.GpuMemoryUtilization,
        PrefixCaching = row.PrefixCaching,
        Eager = row.EnforceEager ?? false,
        DraftTokens = row.SpecTokens > 0 ? row.SpecTokens : LastNumber(row.Speculative),
        DraftLayers = row.DraftAttentionLayers > 0 ? row.DraftAttentionLayers : null,
        BlockTokens = row.BlockSizeTokens,
        FixedPool = row.KvCacheMemoryBytesSetting is { } pool ? new Bytes(pool) : null,
        HostOffload = new Bytes(row.CpuOffloadBytesPerGpu),
    };

    private static WeightPrecision Precision(LogRow row, ModelShape model) =>
        (model.NativeWeights is { } native && Catalogue.FindModel(row.ModelServed) is not null ? WeightPrecision.Parse(native)
        : WeightPrecision.TryParse(row.WeightQuantization, out var precision) ? precision
        : WeightPrecision.Parse(model.NativeWeights ?? "bf16")).On(model);

    /// <summary>A log's words for its release may be no release: the engine they name, else the newest.</summary>
    private static VllmVersion Release(string words)
    {
        try
        {
            return VllmVersion.Parse(words);
        }
        catch (PlanInputException)
        {
            return words.Contains("V0", StringComparison.Ordinal) ? VllmVersion.Parse("0.6.4 (V0 engine)") : VllmVersion.Newest;
        }
    }

    private static int LastNumber(string? text) => text is not null && int.TryParse(text.Split(' ')[^1], out var number) ? number : 0;
}
