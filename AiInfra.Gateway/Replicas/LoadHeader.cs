using System.Globalization;

namespace AiInfra.Gateway.Replicas;

/// <summary>The load that a replica tells beside an answer, by the ORCA convention.</summary>
/// <remarks>Sample: <c>TEXT named_metrics.num_requests_waiting=5.0, named_metrics.kv_cache_usage_perc=0.002</c>.</remarks>
internal static class LoadHeader
{
    /// <summary>Asks for it.</summary>
    public const string RequestName = "endpoint-load-metrics-format";

    public const string Format = "text";

    public const string Name = "endpoint-load-metrics";

    /// <summary>Reads what the header says; what it does not say stays null: unknown, not 0.</summary>
    public static (double? Waiting, double? CacheUsage) Read(ReadOnlySpan<char> value) => (Find(value, "num_requests_waiting="), Find(value, "kv_cache_usage_perc="));

    private static double? Find(ReadOnlySpan<char> value, ReadOnlySpan<char> name)
    {
        var at = value.IndexOf(name, StringComparison.Ordinal);
        if (at < 0)
        {
            return null;
        }

        var number = value[(at + name.Length)..];
        var end = number.IndexOf(',');
        return double.TryParse(end < 0 ? number : number[..end], NumberStyles.Float, CultureInfo.InvariantCulture, out var found) && double.IsFinite(found) && found >= 0
            ? found
            : null;
    }
}
