using System.Text.Json;

namespace AiInfra.Bench.Planner;

/// <summary>One published speed measurement.</summary>
internal sealed record SpeedRow
{
    public string? ModelId { get; set; }

    public string ModelServed { get; set; } = "";

    public string Engine { get; set; } = "";

    public string? EngineVersion { get; set; }

    public string? WeightQuantization { get; set; }

    public string Gpu { get; set; } = "";

    public int? GpuCount { get; set; }

    public int? TensorParallel { get; set; }

    public int? DataParallel { get; set; }

    public double? Concurrency { get; set; }

    public double? InputTokens { get; set; }

    public double? OutputTokens { get; set; }

    public double? OutputTokensPerSecond { get; set; }

    public double? TtftSeconds { get; set; }

    public double? TpotSeconds { get; set; }

    public double? MeanRequestsInFlightPerReplicaEstimate { get; set; }

    public int? MaxNumSeqs { get; set; }

    public int? MaxNumBatchedTokens { get; set; }

    public double? GpuMemoryUtilization { get; set; }

    public string? Note { get; set; }

    public static IReadOnlyList<SpeedRow> ReadAll(string folder) =>
    [
        .. Directory.EnumerateFiles(folder, "*.jsonl").Order(StringComparer.Ordinal)
            .SelectMany(File.ReadLines)
            .Where(line => line.Contains("\"engine\"", StringComparison.Ordinal) && line.Contains("\"model_served\"", StringComparison.Ordinal))
            .Select(line => JsonSerializer.Deserialize(line, PlannerJson.Default.SpeedRow)!),
    ];
}
