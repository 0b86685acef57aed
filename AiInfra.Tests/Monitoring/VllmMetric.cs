using AiInfra.Tests.Fixtures;

namespace AiInfra.Tests.Monitoring;

/// <summary>A metric that a real vLLM was seen to export.</summary>
internal sealed record VllmMetric(string Name, string Type, IReadOnlySet<string> Labels)
{
    private static readonly string[] HistogramParts = ["_bucket", "_sum", "_count"];

    /// <summary>The recorded metrics by name (see the head of the file).</summary>
    public static IReadOnlyDictionary<string, VllmMetric> Recorded { get; } =
        File.ReadLines(Path.Combine(RepositoryPaths.Root, "AiInfra.Tests", "Monitoring", "vllm-metrics.tsv"))
            .Where(line => !line.StartsWith('#'))
            .Select(line => line.Split('\t'))
            .ToDictionary(parts => parts[0], parts => new VllmMetric(parts[0], parts[1], parts[2].Split(',').ToHashSet()));

    /// <summary>The metric that a series belongs to, or null where vLLM exports no such series.</summary>
    public static VllmMetric? Of(string series)
    {
        if (Recorded.TryGetValue(series, out var metric))
        {
            // A histogram has no series of its own name.
            return metric.Type == "histogram" ? null : metric;
        }

        var part = HistogramParts.FirstOrDefault(part => series.EndsWith(part, StringComparison.Ordinal));
        return part is not null && Recorded.TryGetValue(series[..^part.Length], out metric) && metric.Type == "histogram" ? metric : null;
    }
}
