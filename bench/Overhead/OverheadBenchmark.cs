using AiInfra.Bench.Running;

namespace AiInfra.Bench.Overhead;

/// <summary>What the gateway costs on top of the way without it, beside nginx and bare YARP, everything switched on.</summary>
internal sealed class OverheadBenchmark : IBenchmark
{
    private const string Direct = "direct";
    private const string Yarp = "yarp";
    private const string Ours = "aiinfra";
    private const string Portkey = "portkey";
    private const string Redis = "redis";
    private const string PortkeyVariable = "AIINFRA_BENCH_PORTKEY";
    private const int ManyStreams = 512;

    private static readonly (string Label, int Bytes)[] Bodies = [("1.5kB", 1_500), ("32kB", 32_000), ("400kB", 400_000)];

    public string Name => "overhead";

    public string Summary => "Added latency, CPU, throughput and streams of the gateway with everything on, bare YARP, nginx and Portkey (where they are) before the same stub, in paired rounds; about 3 minutes, --full 15";

    public async Task<BenchReport> RunAsync(BenchArguments arguments, CancellationToken cancellationToken)
    {
        if (await OverheadServers.TryServeAsync(cancellationToken))
        {
            return new BenchReport(Name, [], []);
        }

        var rounds = arguments.Full ? 21 : 9;
        var perRound = arguments.Full ? 400 : 80;
        var span = TimeSpan.FromSeconds(arguments.Full ? 3 : 0.7);
        var targets = new List<OverheadTarget>();
        try
        {
            await StartAsync(targets, cancellationToken);
            using var driver = new LoadDriver();
            foreach (var target in Measured(targets).Skip(1))
            {
                // Until the compiler has come to rest: it works for seconds, and most for the one with the most code.
                await driver.ThroughputAsync(target, 16, 1_500, TimeSpan.FromSeconds(target.Name == Ours ? 20 : arguments.Full ? 15 : 6), cancellationToken);
            }

            var series = targets.ToDictionary(target => target.Name, _ => new Dictionary<string, List<double>>());
            for (var round = -1; round < rounds; round++)
            {
                foreach (var target in Measured(targets))
                {
                    // The first round warms up and is thrown away.
                    await MeasureAsync(driver, target, perRound, span, round < 0 ? null : series[target.Name], cancellationToken);
                }
            }

            foreach (var target in Measured(targets))
            {
                var before = await target.AllocatedBytesAsync(cancellationToken);
                var (_, _, frames) = await driver.StreamsAsync(target, target.Name == Portkey ? 64 : ManyStreams, cancellationToken);
                Add(series[target.Name], "bytes/frame", (await target.AllocatedBytesAsync(cancellationToken) - before) / frames.Sum());
                Add(series[target.Name], "lost frames", frames.Sum(count => OverheadServers.Frames + 1 - count));
                Add(series[target.Name], "RSS MB", target.ResidentMegabytes);
            }

            return Report([.. Measured(targets).Select(target => target.Name)], series);
        }
        finally
        {
            foreach (var target in targets)
            {
                await target.DisposeAsync();
            }
        }
    }

    // The stub is first, and Redis belongs to ours.
    private static IEnumerable<OverheadTarget> Measured(IEnumerable<OverheadTarget> targets) => targets.Skip(1).Where(target => target.Name != Redis);

    private static async Task MeasureAsync(
        LoadDriver driver, OverheadTarget target, int perRound, TimeSpan span, Dictionary<string, List<double>>? series, CancellationToken cancellationToken)
    {
        foreach (var (label, bytes) in Bodies)
        {
            var seconds = await driver.LatenciesAsync(target, bytes, bytes > 100_000 ? perRound / 2 : perRound, cancellationToken);
            Array.Sort(seconds);
            Add(series, $"p50 {label} µs", 1e6 * seconds[seconds.Length / 2]);
            Add(series, $"p99 {label} µs", 1e6 * seconds[(int)(seconds.Length * 0.99)]);
        }

        foreach (var clients in new[] { 16, 64 })
        {
            var (before, allocated) = (target.CpuSeconds, await target.AllocatedBytesAsync(cancellationToken));
            var (perSecond, requests) = await driver.ThroughputAsync(target, clients, 1_500, span, cancellationToken);
            Add(series, $"req/s {clients}", perSecond);
            Add(series, $"CPU {clients} s/1000", 1000 * (target.CpuSeconds - before) / requests);
            Add(series, "bytes/req", (await target.AllocatedBytesAsync(cancellationToken) - allocated) / requests);
        }

        var (first, gap, _) = await driver.StreamsAsync(target, 4, cancellationToken);
        Add(series, "first frame ms", 1000 * first);
        Add(series, "gap ms", 1000 * gap);
    }

    private static async Task StartAsync(List<OverheadTarget> targets, CancellationToken cancellationToken)
    {
        var stub = OverheadTarget.FreePort();
        targets.Add(await OverheadTarget.StartRoleAsync("stub", "stub", stub, $"http://127.0.0.1:{stub}", cancellationToken));
        targets.Add(OverheadTarget.Direct(stub));
        if (IsOnPath("nginx"))
        {
            targets.Add(await OverheadTarget.StartNginxAsync(OverheadTarget.FreePort(), stub, cancellationToken));
        }

        var yarp = OverheadTarget.FreePort();
        targets.Add(await OverheadTarget.StartRoleAsync(Yarp, "yarp", yarp, $"http://127.0.0.1:{yarp}\nhttp://127.0.0.1:{stub}", cancellationToken));
        if (Environment.GetEnvironmentVariable(PortkeyVariable) is { Length: > 0 } folder)
        {
            targets.Add(await OverheadTarget.StartPortkeyAsync(folder, OverheadTarget.FreePort(), stub, cancellationToken));
        }

        await StartOursAsync(targets, stub, cancellationToken);
    }

    /// <summary>The gateway with everything on: keys, policy, limits in Redis where it is on PATH, expected-cost routing, admission, metrics.</summary>
    /// <param name="targets">Gets what was started: Redis, if any, and the gateway last.</param>
    /// <param name="stub">The port of the stub.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task StartOursAsync(List<OverheadTarget> targets, int stub, CancellationToken cancellationToken)
    {
        var (ours, metrics, redis) = (OverheadTarget.FreePort(), OverheadTarget.FreePort(), OverheadTarget.FreePort());
        var journal = Directory.CreateTempSubdirectory("aiinfra-bench-").FullName;
        string[] limits = [];
        if (IsOnPath("redis-server"))
        {
            targets.Add(await OverheadTarget.StartRedisAsync(redis, cancellationToken));
            limits =
            [
                $"--ConnectionStrings:redis=127.0.0.1:{redis}", $"--Limits:JournalFolder={journal}", "--Access:Policies:default:Endpoints:0=*", "--Access:Policies:default:Models:0=*",
                "--Access:Policies:default:Limits:0:Per=tenant", "--Access:Policies:default:Limits:0:Concurrency=100000", "--Access:Policies:default:Limits:0:Budgets:0:Per=day",
                "--Access:Policies:default:Limits:0:Budgets:0:Tokens=1000000000000000",
            ];
        }

        var target = await OverheadTarget.StartRoleAsync(Ours, "gateway", ours, string.Join('\n',
            (string[])[
                $"--urls=http://127.0.0.1:{ours}", $"--Listeners:Internal:Port={metrics}", $"--Listeners:Admin:Port={OverheadTarget.FreePort()}",
                "--Gateway:Models:0:Name=tiny", "--Gateway:Models:0:Service=vllm", $"--services:vllm:http:0=http://127.0.0.1:{stub}",
                "--Gateway:Keys:0:Id=bench", $"--Gateway:Keys:0:Key={OverheadTarget.Key}", "--Logging:LogLevel:Default=Warning", "--Admission:MaxInFlightPerReplica=4096", .. limits]), cancellationToken);
        target.MetricsPort = metrics;
        targets.Add(target);
    }

    private BenchReport Report(IReadOnlyList<string> names, Dictionary<string, Dictionary<string, List<double>>> series)
    {
        var rows = names.Select(name => new BenchRow(name, series[name].ToDictionary(entry => entry.Key, entry => Median(entry.Value)))).ToList();
        foreach (var name in names.Skip(1))
        {
            rows.Add(new BenchRow($"{name} added", Bodies.ToDictionary(body => $"p50 {body.Label} µs", body => Median(Added(series, name, $"p50 {body.Label} µs")))));
        }

        var bars = new List<BenchBar>
        {
            BenchBar.AtMost("CPU per request at 64 clients / bare YARP's", Ratio(series, "CPU 64 s/1000"), 1.5),
            BenchBar.AtLeast("requests/s at 64 clients / bare YARP's", Ratio(series, "req/s 64"), 0.75),
            BenchBar.AtMost("gap between frames beyond bare YARP's, ms", Median(series[Ours]["gap ms"]) - Median(series[Yarp]["gap ms"]), 1),
            BenchBar.AtMost("first frame after bare YARP's, ms", Median(series[Ours]["first frame ms"]) - Median(series[Yarp]["first frame ms"]), 1),
            BenchBar.AtMost($"frames lost of {ManyStreams} streams", series[Ours]["lost frames"][0], 0),
        };
        bars.AddRange(Bodies.Select(body => BenchBar.AtMost(
            $"added p50 at {body.Label} / bare YARP's", Median(Added(series, Ours, $"p50 {body.Label} µs")) / Median(Added(series, Yarp, $"p50 {body.Label} µs")), 1.3)));
        if (series.TryGetValue(Portkey, out var portkeys))
        {
            bars.Add(BenchBar.AtLeast("requests/s at 64 clients / Portkey's", Median(series[Ours]["req/s 64"].Zip(portkeys["req/s 64"], (ours, theirs) => ours / theirs)), 10));
        }

        return new BenchReport(Name, rows, bars)
        {
            Notes =
            [
                "Medians over paired rounds; every round asks each way in turn. Driver, stub and proxies share this machine's cores: take ratios, and CPU before time.",
                names.Contains(Portkey) ? "Portkey: one process, its streams are 64 at once instead of 512." : $"Portkey was left out: {PortkeyVariable} names no folder with npm's @portkey-ai/gateway.",
                names.Contains("nginx") ? "nginx: one worker, keep-alive to the stub, no buffering of answers." : "nginx is not on PATH: left out.",
            ],
        };
    }

    private static IEnumerable<double> Added(Dictionary<string, Dictionary<string, List<double>>> series, string name, string column) =>
        series[name][column].Zip(series[Direct][column], (with, without) => with - without);

    private static double Ratio(Dictionary<string, Dictionary<string, List<double>>> series, string column) =>
        Median(series[Ours][column].Zip(series[Yarp][column], (ours, yarp) => ours / yarp));

    private static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return sorted.Length == 0 ? double.NaN : sorted[sorted.Length / 2];
    }

    private static void Add(Dictionary<string, List<double>>? series, string column, double value)
    {
        if (series is null)
        {
            return;
        }

        if (!series.TryGetValue(column, out var values))
        {
            series[column] = values = [];
        }

        values.Add(value);
    }

    private static bool IsOnPath(string command) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Any(folder => File.Exists(Path.Combine(folder, command)));
}
