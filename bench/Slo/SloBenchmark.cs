using AiInfra.Bench.Overhead;
using AiInfra.Bench.Running;

namespace AiInfra.Bench.Slo;

/// <summary>The service level that the platform is run for: a thousand requests a second in an open loop.</summary>
internal sealed class SloBenchmark : IBenchmark
{
    private const double PerSecond = 1000;
    private const int BodyBytes = 1_500;

    public string Name => "slo";

    public string Summary => "Open loop, 1,000 requests/s for 60 s through the gateway with everything on, and as long directly: errors, added latency; about 2.5 minutes";

    public async Task<BenchReport> RunAsync(BenchArguments arguments, CancellationToken cancellationToken)
    {
        if (await OverheadServers.TryServeAsync(cancellationToken))
        {
            return new BenchReport(Name, [], []);
        }

        await using var stage = await GatewayStage.StartAsync(cancellationToken);
        using var driver = new LoadDriver();
        await driver.ThroughputAsync(stage.Gateway, 16, BodyBytes, TimeSpan.FromSeconds(8), cancellationToken);
        var without = await driver.OpenLoopAsync(stage.Direct, BodyBytes, PerSecond, TimeSpan.FromSeconds(60), cancellationToken);
        var with = await driver.OpenLoopAsync(stage.Gateway, BodyBytes, PerSecond, TimeSpan.FromSeconds(60), cancellationToken);
        var errors = with.Count(double.IsNaN) / (double)with.Length;
        return new BenchReport(
            Name,
            [Row("direct", without), Row("aiinfra", with)],
            [
                BenchBar.AtMost("errors, part of all", errors, 0.001),
                BenchBar.AtMost("added p99, ms", 1000 * (At(with, 0.99) - At(without, 0.99)), 100),
            ])
        { Notes = ["Times count from when a request was due, not from when it was sent. Driver, stub, Redis and gateway share this machine's cores."] };
    }

    private static BenchRow Row(string label, double[] seconds) => new(label, new Dictionary<string, double>
    {
        ["requests"] = seconds.Length,
        ["errors"] = seconds.Count(double.IsNaN),
        ["p50 ms"] = 1000 * At(seconds, 0.5),
        ["p90 ms"] = 1000 * At(seconds, 0.9),
        ["p99 ms"] = 1000 * At(seconds, 0.99),
        ["p99.9 ms"] = 1000 * At(seconds, 0.999),
    });

    private static double At(double[] seconds, double part)
    {
        var sorted = seconds.Where(value => !double.IsNaN(value)).Order().ToArray();
        return sorted.Length == 0 ? double.NaN : sorted[(int)(part * (sorted.Length - 1))];
    }
}
