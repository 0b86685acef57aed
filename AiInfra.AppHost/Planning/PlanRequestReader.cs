using System.Text.Json;

namespace AiInfra.AppHost.Planning;

/// <summary>Makes a request from the command line.</summary>
internal static class PlanRequestReader
{
    public static PlanRequest Read(PlanOptions options)
    {
        var (model, served) = Model(options);
        var weights = WeightPrecision.Parse(options.Text("--weights") ?? model.NativeWeights ?? "bf16");
        var split = Split(options);
        return new PlanRequest(model, weights, Gpu(options), Serving(options))
        {
            ServedModel = served,
            // A split by hand brings its GPUs along.
            GpusPerNode = options.Integer("--gpus-per-node") ?? Math.Max(1, (split?.Gpus ?? 1) / Math.Max(1, split?.Pipeline ?? 1)),
            Nodes = options.Integer("--nodes") ?? (options.Has("--gpus-per-node") ? 1 : Math.Max(1, split?.Pipeline ?? 1)),
            Parallelism = split,
            KeepsReleaseDefaults = options.Has("--release-defaults"),
            Workload = Work(options),
            Storage = Storage(options),
        };
    }

    private static (ModelShape Shape, string Served) Model(PlanOptions options)
    {
        if (options.Text("--config") is { } file)
        {
            try
            {
                using var document = JsonDocument.Parse(File.ReadAllText(file));
                var name = options.Text("--model") ?? Path.GetFileName(Path.GetDirectoryName(Path.GetFullPath(file)))!;
                return (ModelConfigReader.Read(name, document.RootElement.Clone()), name);
            }
            catch (Exception problem) when (problem is IOException or UnauthorizedAccessException or JsonException)
            {
                throw new PlanInputException(
                    $"{file} cannot be read as a model's config: {problem.Message}",
                    "Give the config.json that lies beside the model's weights.");
            }
        }

        var wanted = options.Text("--model") ?? throw new PlanInputException(
            "No model is named.", "Give --model NAME (--list models) or --config FILE.");
        var shape = Catalogue.Model(wanted);
        var entry = Catalogue.Models.First(model => model.Name == shape.Name);
        return (shape, wanted.Contains('/', StringComparison.Ordinal) ? wanted : entry.Names[1]);
    }

    private static GpuKind Gpu(PlanOptions options)
    {
        var known = options.Text("--gpu") is { } name ? Catalogue.Gpu(name) : null;
        if (known is null && !options.Has("--gpu-memory"))
        {
            throw new PlanInputException("No GPU is named.", "Give --gpu NAME (--list gpus) or --gpu-memory 79.2GiB --gpu-bandwidth 3350GB/s.");
        }

        var gpu = known ?? new GpuKind("GPU by hand", Bytes.Zero, 0, 0, 0, 0);
        return gpu with
        {
            UsableMemory = options.Size("--gpu-memory") ?? gpu.UsableMemory,
            BandwidthBytesPerSecond = options.Rate("--gpu-bandwidth", "B/s") ?? gpu.BandwidthBytesPerSecond,
            Flops16 = options.Rate("--gpu-compute", "FLOPS") ?? gpu.Flops16,
        };
    }

    private static Parallelism? Split(PlanOptions options)
    {
        string[] names = ["--tp", "--pp", "--dp", "--dcp", "--pcp", "--expert-parallel"];
        return !names.Any(options.Has) ? null : new Parallelism(
            options.Integer("--tp") ?? 1, options.Integer("--pp") ?? 1, options.Integer("--dp") ?? 1)
        {
            DecodeContext = options.Integer("--dcp") ?? 1,
            PrefillContext = options.Integer("--pcp") ?? 1,
            SharesExperts = options.Has("--expert-parallel"),
        };
    }

    private static ServingChoices Serving(PlanOptions options) => new(VllmVersion.Parse(options.Text("--vllm") ?? "newest"))
    {
        Cache = CacheType.Parse(options.Text("--kv") ?? "auto"),
        ContextTokens = options.Integer("--context"),
        BatchedTokens = options.Integer("--max-num-batched-tokens"),
        Sequences = options.Integer("--max-num-seqs"),
        Utilization = options.Number("--utilization"),
        PrefixCaching = options.Text("--prefix-caching") switch
        {
            null => null,
            "on" => true,
            "off" => false,
            var other => throw new PlanInputException($"--prefix-caching '{other}' is neither on nor off.", "Write --prefix-caching on."),
        },
        Eager = options.Has("--eager"),
        DraftTokens = options.Integer("--draft-tokens") ?? 0,
        DraftLayers = options.Integer("--draft-layers"),
        BlockTokens = options.Integer("--block-size"),
        FixedPool = options.Size("--kv-cache-memory"),
        HostOffload = options.Size("--cpu-offload") ?? Bytes.Zero,
    };

    private static Workload Work(PlanOptions options)
    {
        var usual = new Workload();
        return usual with
        {
            Concurrency = options.Integer("--concurrency"),
            Users = options.Integer("--users"),
            RequestsPerUserHour = options.Number("--requests-per-user-hour") ?? usual.RequestsPerUserHour,
            PeakFactor = options.Number("--peak-factor") ?? usual.PeakFactor,
            PromptTokens = options.Integer("--prompt-tokens") ?? usual.PromptTokens,
            AnswerTokens = options.Integer("--answer-tokens") ?? usual.AnswerTokens,
            CachedShare = options.Number("--cached-share") ?? usual.CachedShare,
            FirstTokenSeconds = options.Number("--first-token") ?? usual.FirstTokenSeconds,
            TokenSeconds = options.Number("--token"),
        };
    }

    private static StorageNeeds Storage(PlanOptions options)
    {
        var usual = new StorageNeeds();
        return usual with
        {
            Vectors = options.Integer("--memories") ?? usual.Vectors,
            Dimension = options.Integer("--dimension") ?? usual.Dimension,
            Series = options.Integer("--series") ?? usual.Series,
            MetricsDays = options.Integer("--metrics-days") ?? usual.MetricsDays,
            LogDays = options.Integer("--log-days") ?? usual.LogDays,
        };
    }
}
