using System.Diagnostics;

namespace AiInfra.Bench.Memory;

/// <summary>Times of one kind of call, in milliseconds.</summary>
internal sealed class Latencies
{
    private readonly List<double> _milliseconds = [];

    public double P50 => At(0.5);

    public double P99 => At(0.99);

    /// <summary>Has several clients work through the same list of calls; gives what each call took.</summary>
    public static async Task<Latencies> MeasureAsync<T>(IReadOnlyList<T> calls, int clients, Func<T, Task> call)
    {
        var latencies = new Latencies();
        var next = -1;
        await Task.WhenAll(Enumerable.Range(0, clients).Select(async _ =>
        {
            for (var i = Interlocked.Increment(ref next); i < calls.Count; i = Interlocked.Increment(ref next))
            {
                var start = Stopwatch.GetTimestamp();
                await call(calls[i]);
                var took = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
                lock (latencies._milliseconds)
                {
                    latencies._milliseconds.Add(took);
                }
            }
        }));
        latencies._milliseconds.Sort();
        return latencies;
    }

    private double At(double share) => _milliseconds.Count == 0 ? 0 : _milliseconds[(int)Math.Ceiling(share * _milliseconds.Count) - 1];
}
