namespace AiInfra.Bench.LocalModel;

/// <summary>The mean ratio of values that were measured side by side, with its 95 % interval (Student's t).</summary>
internal readonly record struct PairedRatio(double Mean, double Low, double High)
{
    /// <summary>Two-sided 5 % points for 1 to 20 degrees of freedom; beyond, the normal distribution's is near enough.</summary>
    private static readonly double[] T =
    [
        12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086,
    ];

    public static PairedRatio Of(IReadOnlyList<double> values, IReadOnlyList<double> bases)
    {
        var ratios = values.Zip(bases, (value, baseline) => value / baseline).ToList();
        var mean = ratios.Average();
        var deviation = Math.Sqrt(ratios.Sum(ratio => (ratio - mean) * (ratio - mean)) / Math.Max(1, ratios.Count - 1));
        var margin = (ratios.Count - 2 < T.Length ? T[Math.Max(0, ratios.Count - 2)] : 1.96) * deviation / Math.Sqrt(ratios.Count);
        return new PairedRatio(mean, mean - margin, mean + margin);
    }
}
