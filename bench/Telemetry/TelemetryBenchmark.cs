using AiInfra.Bench.LocalModel;
using AiInfra.Bench.Overhead;
using AiInfra.Bench.Running;

namespace AiInfra.Bench.Telemetry;

/// <summary>What metrics, traces and logs cost the gateway, and how many series a busy one exports.</summary>
internal sealed class TelemetryBenchmark : IBenchmark
{
    private const string Off = "off";
    private const string Metrics = "metrics";
    private const string All = "metrics+traces";

    // The gateway's own cap on tenants with series of their own.
    private const int Tenants = 200;

    public string Name => "telemetry";

    public string Summary => "requests/s, p99 and CPU of the gateway with telemetry off, scraped, and scraped with every trace exported, in paired rounds; series of 200 and of 300 tenants on 8 replicas; about 2 minutes";

    public async Task<BenchReport> RunAsync(BenchArguments arguments, CancellationToken cancellationToken)
    {
        var stub = OverheadTarget.FreePort();
        await using var upstream = await OverheadTarget.StartRoleAsync("stub", "stub", stub, $"http://0.0.0.0:{stub}", cancellationToken);
        await using var sink = new TelemetrySink(OverheadTarget.FreePort());
        await sink.StartAsync(cancellationToken);

        var series = await CostsAsync(stub, sink, arguments.Full ? 21 : 9, cancellationToken);
        var (capped, beyond) = (await Cardinality.MeasureAsync(stub, Tenants, cancellationToken), await Cardinality.MeasureAsync(stub, Tenants * 3 / 2, cancellationToken));
        return Report(series, capped, beyond, sink.Bytes);
    }

    private static async Task<Dictionary<string, Dictionary<string, List<double>>>> CostsAsync(
        int stub, TelemetrySink sink, int rounds, CancellationToken cancellationToken)
    {
        var targets = new List<OverheadTarget>();
        using var scraping = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var scrapes = new List<Task>();
        try
        {
            foreach (var (name, settings) in new[]
            {
                (Off, new[] { "--OTEL_SDK_DISABLED=true" }),
                (Metrics, []),
                (All, [$"--OTEL_EXPORTER_OTLP_ENDPOINT={sink.Address}", "--OTEL_EXPORTER_OTLP_PROTOCOL=grpc"]),
            })
            {
                var (open, inside) = (OverheadTarget.FreePort(), OverheadTarget.FreePort());
                targets.Add(await OverheadTarget.StartRoleAsync(name, "gateway", open, string.Join('\n',
                [
                    $"--urls=http://127.0.0.1:{open}", $"--Listeners:Internal:Port={inside}", $"--Listeners:Admin:Port={OverheadTarget.FreePort()}",
                    "--Gateway:Models:0:Name=tiny", "--Gateway:Models:0:Service=vllm", $"--services:vllm:http:0=http://127.0.0.1:{stub}",
                    "--Gateway:Keys:0:Id=bench", $"--Gateway:Keys:0:Key={OverheadTarget.Key}", "--Logging:LogLevel:Default=Warning", .. settings,
                ]), cancellationToken));
                if (name != Off)
                {
                    scrapes.Add(ScrapeAsync(new Uri($"http://127.0.0.1:{inside}/metrics"), scraping.Token));
                }
            }

            using var driver = new LoadDriver();
            var series = targets.ToDictionary(target => target.Name, _ => new Dictionary<string, List<double>>
            {
                ["req/s 64"] = [],
                ["CPU s/1000"] = [],
                ["p50 µs"] = [],
                ["p99 µs"] = [],
            });
            for (var round = -1; round < rounds; round++)
            {
                foreach (var target in targets)
                {
                    var before = target.CpuSeconds;
                    var (perSecond, requests) = await driver.ThroughputAsync(target, 64, 1_500, TimeSpan.FromSeconds(1), cancellationToken);
                    var cpu = 1000 * (target.CpuSeconds - before) / requests;
                    var seconds = await driver.LatenciesAsync(target, 1_500, 200, cancellationToken);
                    if (round >= 0)
                    {
                        Array.Sort(seconds);
                        var of = series[target.Name];
                        of["req/s 64"].Add(perSecond);
                        of["CPU s/1000"].Add(cpu);
                        of["p50 µs"].Add(1e6 * seconds[seconds.Length / 2]);
                        of["p99 µs"].Add(1e6 * seconds[(int)(seconds.Length * 0.99)]);
                    }
                }
            }

            return series;
        }
        finally
        {
            await scraping.CancelAsync();
            await Task.WhenAll(scrapes);
            foreach (var target in targets)
            {
                await target.DisposeAsync();
            }
        }
    }

    // Every second: fifteen times as often as Prometheus does.
    private static async Task ScrapeAsync(Uri url, CancellationToken cancellationToken)
    {
        using var client = new HttpClient();
        try
        {
            while (true)
            {
                await client.GetByteArrayAsync(url, cancellationToken);
                await Task.Delay(1000, cancellationToken);
            }
        }
        catch (OperationCanceledException)
        {
            // The run is over.
        }
    }

    private BenchReport Report(
        Dictionary<string, Dictionary<string, List<double>>> series, Dictionary<string, int> capped, Dictionary<string, int> beyond, long exported)
    {
        var rows = series.Select(target => new BenchRow(target.Key, target.Value.ToDictionary(column => column.Key, column => Median(column.Value)))).ToList();
        rows.Add(new BenchRow($"{Tenants} tenants, 8 replicas", new Dictionary<string, double> { ["series"] = capped.Values.Sum() }));
        rows.Add(new BenchRow($"{Tenants * 3 / 2} tenants, 8 replicas", new Dictionary<string, double> { ["series"] = beyond.Values.Sum() }));
        rows.AddRange(capped.OrderByDescending(name => name.Value).Take(5)
            .Select(name => new BenchRow($"  {name.Key}", new Dictionary<string, double> { ["series"] = name.Value })));

        PairedRatio Ratio(string target, string column) => PairedRatio.Of(series[target][column], series[Off][column]);
        var (rate, p99) = (Ratio(All, "req/s 64"), Ratio(All, "p99 µs"));
        var (rateOfMetrics, p99OfMetrics) = (Ratio(Metrics, "req/s 64"), Ratio(Metrics, "p99 µs"));
        return new BenchReport(Name, rows,
        [
            // A bar fails when the whole interval lies beyond it.
            BenchBar.AtLeast("requests/s, scraped / off (upper end of the 95 % interval)", rateOfMetrics.High, 0.9),
            BenchBar.AtMost("p99, scraped / off (lower end)", p99OfMetrics.Low, 1.2),
            BenchBar.AtLeast("requests/s, every trace exported / off (upper end)", rate.High, 0.75),
            BenchBar.AtMost("p99, every trace exported / off (lower end)", p99.Low, 1.5),
            BenchBar.AtMost($"series of {Tenants} tenants on 8 replicas", capped.Values.Sum(), 20_000),
            BenchBar.AtMost("series that 100 tenants beyond the cap add", beyond.Values.Sum() - capped.Values.Sum(), 50),
        ])
        {
            Notes =
            [
                $"requests/s against off: scraped {rateOfMetrics.Mean:0.000} ({rateOfMetrics.Low:0.000} to {rateOfMetrics.High:0.000}), with traces {rate.Mean:0.000} ({rate.Low:0.000} to {rate.High:0.000}).",
                $"p99 against off: scraped {p99OfMetrics.Mean:0.000} ({p99OfMetrics.Low:0.000} to {p99OfMetrics.High:0.000}), with traces {p99.Mean:0.000} ({p99.Low:0.000} to {p99.High:0.000}).",
                $"Driver, stub, gateway and collector share this machine's cores; the collector took {exported / 1e6:0.0} MB. Scraped every second, traces not sampled.",
                "20,000 series is where Prometheus is told to refuse a target.",
            ],
        };
    }

    private static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return sorted[sorted.Length / 2];
    }
}
