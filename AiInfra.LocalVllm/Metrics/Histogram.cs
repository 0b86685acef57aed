namespace AiInfra.LocalVllm.Metrics;

/// <summary>A Prometheus histogram with fixed upper bounds.</summary>
/// <param name="bounds">Ascending, without infinity.</param>
internal sealed class Histogram(double[] bounds)
{
    private readonly long[] _counts = new long[bounds.Length + 1];
    private readonly Lock _gate = new();
    private double _sum;

    public IReadOnlyList<double> Bounds => bounds;

    public void Observe(double value)
    {
        var bucket = 0;
        while (bucket < bounds.Length && value > bounds[bucket])
        {
            bucket++;
        }

        lock (_gate)
        {
            _counts[bucket]++;
            _sum += value;
        }
    }

    /// <summary>Counts per bound (not cumulative, infinity last) and the sum of all values.</summary>
    public (long[] Counts, double Sum) Read()
    {
        lock (_gate)
        {
            return ((long[])_counts.Clone(), _sum);
        }
    }
}
