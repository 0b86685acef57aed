using AiInfra.Bench.Running;

namespace AiInfra.Bench.Overhead;

/// <summary>Whether the gateway's memory stays flat however many different prompts pass.</summary>
internal sealed class MemoryRunBenchmark : IBenchmark
{
    private const int Requests = 200_000;
    private const int Tenths = 10;

    public string Name => "memory-run";

    public string Summary => "200,000 distinct requests through the gateway: memory in the last tenth against the second; about 2 minutes";

    public async Task<BenchReport> RunAsync(BenchArguments arguments, CancellationToken cancellationToken)
    {
        if (await OverheadServers.TryServeAsync(cancellationToken))
        {
            return new BenchReport(Name, [], []);
        }

        await using var stage = await GatewayStage.StartAsync(cancellationToken);
        using var driver = new LoadDriver();
        var (rows, megabytes) = (new List<BenchRow>(), new List<double>());
        for (var tenth = 1; tenth <= Tenths; tenth++)
        {
            var samples = new List<double>();
            for (var part = 0; part < 10; part++)
            {
                await driver.RequestsAsync(stage.Gateway, 32, 1_500, Requests / Tenths / 10, cancellationToken);
                samples.Add(stage.Gateway.ResidentMegabytes);
            }

            megabytes.Add(samples.Average());
            rows.Add(new BenchRow($"tenth {tenth}", new Dictionary<string, double> { ["RSS MB"] = samples.Average(), ["largest MB"] = samples.Max() }));
        }

        return new BenchReport(Name, rows, [BenchBar.AtMost("memory of the last tenth / the second", megabytes[^1] / megabytes[1], 1.1)]);
    }
}
