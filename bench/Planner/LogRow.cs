using System.Text.Json;
using System.Text.Json.Serialization;

namespace AiInfra.Bench.Planner;

/// <summary>One published start-up log: what was set and what vLLM printed. An absent value was not published.</summary>
internal sealed record LogRow
{
    public string Id { get; set; } = "";

    public string VllmVersion { get; set; } = "";

    public string? ModelId { get; set; }

    public string ModelServed { get; set; } = "";

    public string WeightQuantization { get; set; } = "";

    public string Gpu { get; set; } = "";

    public int? GpuCount { get; set; }

    public int? TensorParallel { get; set; }

    public int PipelineParallel { get; set; } = 1;

    public int DataParallel { get; set; } = 1;

    public int DecodeContextParallel { get; set; } = 1;

    public bool ExpertParallel { get; set; }

    public double? GpuMemoryUtilization { get; set; }

    public int? MaxModelLenTokens { get; set; }

    public int? MaxNumSeqs { get; set; }

    public int? MaxNumBatchedTokens { get; set; }

    public string KvCacheDtype { get; set; } = "auto";

    public bool? EnforceEager { get; set; }

    public bool? PrefixCaching { get; set; }

    public string? Speculative { get; set; }

    public int SpecTokens { get; set; }

    public int DraftAttentionLayers { get; set; }

    public int? BlockSizeTokens { get; set; }

    public long CpuOffloadBytesPerGpu { get; set; }

    public long? KvCacheMemoryBytesSetting { get; set; }

    public long? LoggedWeightsBytesPerGpu { get; set; }

    public long? LoggedAvailableKvBytesPerGpu { get; set; }

    public long? LoggedKvCacheTokens { get; set; }

    public long? LoggedGpuBlocks { get; set; }

    public double? LoggedMaxConcurrency { get; set; }

    public int? LoggedConcurrencyTokensPerRequest { get; set; }

    public long? LoggedNeededKvBytesPerGpu { get; set; }

    public int? LoggedEstimatedMaxModelLenTokens { get; set; }

    public int? LoggedAttentionBlockTokens { get; set; }

    public long? LoggedDeviceTotalBytes { get; set; }

    public string Status { get; set; } = "";

    public string? Note { get; set; }

    public IReadOnlyList<string> InputsInferredFromALog { get; set; } = [];

    [JsonIgnore]
    public bool WasRefused => Status != "started";

    /// <summary>Every row of every file in the folder that holds start-up logs, whatever the files are called.</summary>
    public static IReadOnlyList<LogRow> ReadAll(string folder) =>
    [
        .. Directory.EnumerateFiles(folder, "*.jsonl").Order(StringComparer.Ordinal)
            .SelectMany(File.ReadLines)
            .Where(line => line.Contains("\"vllm_version\"", StringComparison.Ordinal) && line.Contains("\"status\"", StringComparison.Ordinal))
            .Select(line => JsonSerializer.Deserialize(line, PlannerJson.Default.LogRow)!),
    ];
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(LogRow))]
[JsonSerializable(typeof(SpeedRow))]
internal sealed partial class PlannerJson : JsonSerializerContext;
