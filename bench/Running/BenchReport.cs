using System.Text.Json.Serialization;

namespace AiInfra.Bench.Running;

/// <summary>What a benchmark found: a table (rows of named values) and the bars it was held against.</summary>
internal sealed record BenchReport(string Name, IReadOnlyList<BenchRow> Rows, IReadOnlyList<BenchBar> Bars)
{
    /// <summary>What a reader must know to judge the figures: machine, settings, what was left out.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];
}

/// <summary>One line of the table. Values are in the units that their column names say.</summary>
internal sealed record BenchRow(string Label, IReadOnlyDictionary<string, double> Values);

/// <summary>A bar: a measured value, the limit it is held against, and whether it holds.</summary>
internal sealed record BenchBar(string Name, double Value, string Bar, bool Holds)
{
    public static BenchBar AtLeast(string name, double value, double limit) => new(name, value, $">= {limit:0.###}", value >= limit);

    public static BenchBar AtMost(string name, double value, double limit) => new(name, value, $"<= {limit:0.###}", value <= limit);
}

[JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals)]
[JsonSerializable(typeof(BenchReport))]
internal sealed partial class BenchJson : JsonSerializerContext;
