using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using AiInfra.Bench.Limits;
using AiInfra.Bench.Running;
using AiInfra.Gateway.Limits;
using AiInfra.Gateway.Tenants;
using Microsoft.Extensions.DependencyInjection;
using StackExchange.Redis;

namespace AiInfra.Bench.Authentication;

/// <summary>What authentication, policies and limits add to a request, limits on against off, and how soon a revoked key is refused elsewhere.</summary>
internal sealed class AuthenticationBenchmark : IBenchmark
{
    private const int PerRound = 200;
    private const int Revocations = 9;

    private static readonly string[] FiveLimits =
    [
        "--Access:Policies:default:Endpoints:0=*", "--Access:Policies:default:Models:0=*",
        "--Access:Policies:default:Limits:0:RequestsPerMinute=10000000", "--Access:Policies:default:Limits:0:TokensPerMinute=10000000000",
        "--Access:Policies:default:Limits:0:Concurrency=10000", "--Access:Policies:default:Limits:0:Budgets:0:Tokens=1000000000000",
        "--Access:Policies:default:Limits:0:Budgets:1:Per=day", "--Access:Policies:default:Limits:0:Budgets:1:Money=1000000",
        "--Access:Prices:tiny:Prompt=1", "--Access:Prices:tiny:Completion=2",
    ];

    public string Name => "authentication";

    public string Summary =>
        "What keys, tokens, policies and five limits add to a request (time, allocations, Redis round trips), limits on against off in paired rounds, and revocation across two gateways; needs redis-server; 1 min";

    public async Task<BenchReport> RunAsync(BenchArguments arguments, CancellationToken cancellationToken)
    {
        var redisPort = Server.FreePort();
        using var redis = new Server("redis-server", ["--port", $"{redisPort}", "--bind", "127.0.0.1", "--save", ""], new Dictionary<string, string>(), null);
        await redis.StartAsync(cancellationToken);
        var upstream = $"http://127.0.0.1:{Server.FreePort()}";
        await using var stub = await MeasuredGateway.StartStubAsync(upstream, cancellationToken);
        using var authority = await TokenAuthority.StartAsync(cancellationToken);
        string[] store = [$"--ConnectionStrings:redis=127.0.0.1:{redisPort}", .. authority.Settings];
        await using var off = await MeasuredGateway.StartAsync(upstream, store, cancellationToken);
        await using var on = await MeasuredGateway.StartAsync(upstream, [.. store, .. FiveLimits], cancellationToken);
        foreach (var gateway in new[] { off, on })
        {
            while (!gateway.App.Services.GetRequiredService<IdentityWorker>().IsReady || await gateway.ChatAsync(MeasuredGateway.Key, cancellationToken) != 200)
            {
                await Task.Delay(100, cancellationToken);
            }
        }

        var steps = new StepCosts(on, cancellationToken);
        var rows = new List<BenchRow>
        {
            Row("API key", await steps.AuthenticationAsync(MeasuredGateway.Key)),
            Row("unknown API key", await steps.AuthenticationAsync(MeasuredGateway.Key + "x")),
            Row("JWT, RS256", await steps.AuthenticationAsync(authority.Token())),
            Row("policy", await steps.PolicyAsync()),
            Row("five limits", await steps.LimitsAsync()),
        };
        var paired = await PairedAsync(off, on, arguments.Full ? 41 : 15, cancellationToken);
        rows.Add(new BenchRow("request, limits off", paired.Off));
        rows.Add(new BenchRow("request, limits on", paired.On));
        var (tripsMedian, trips) = await RoundTripsAsync(on, $"127.0.0.1:{redisPort}", rows, cancellationToken);
        var revoked = await RevocationsAsync(off, on, cancellationToken);
        rows.Add(new BenchRow("revocation", new Dictionary<string, double> { ["median ms"] = revoked[Revocations / 2], ["max ms"] = revoked[^1] }));
        return new BenchReport(Name, rows,
        [
            BenchBar.AtMost("Redis round trips of a request away from the limits, median", tripsMedian, 0),
            BenchBar.AtMost("Redis round trips per request away from the limits, mean", trips, 0.05),
            BenchBar.AtMost("five limits on / off, p50 of a request", paired.Ratio, 1.25),
            BenchBar.AtMost("a key revoked on one gateway is refused by the other after, ms, the longest of nine", revoked[^1], 1000),
        ])
        {
            Notes =
            [
                "Steps: medians over batches, without sockets. Requests: one at a time through Kestrel to a stub, both gateways and the client in one process; medians over paired rounds.",
                "The limits are requests and tokens a minute, calls at one time, tokens a month and money a day; journal included.",
            ],
        };
    }

    private static BenchRow Row(string label, (double Microseconds, double Bytes) cost) =>
        new(label, new Dictionary<string, double> { ["p50 µs"] = cost.Microseconds, ["bytes"] = cost.Bytes });

    private static async Task<(Dictionary<string, double> Off, Dictionary<string, double> On, double Ratio)> PairedAsync(
        MeasuredGateway off, MeasuredGateway on, int rounds, CancellationToken cancellationToken)
    {
        var (times, bytes) = (new[] { new List<double>(), [] }, new[] { new List<double>(), [] });
        for (var round = -2; round < rounds; round++)
        {
            for (var i = 0; i < 2; i++)
            {
                var before = GC.GetTotalAllocatedBytes(precise: true);
                var latencies = new double[PerRound];
                for (var call = 0; call < PerRound; call++)
                {
                    var started = Stopwatch.GetTimestamp();
                    await (i == 0 ? off : on).ChatAsync(MeasuredGateway.Key, cancellationToken);
                    latencies[call] = Stopwatch.GetElapsedTime(started).TotalMicroseconds;
                }

                if (round >= 0)
                {
                    times[i].Add(Median(latencies));
                    bytes[i].Add((GC.GetTotalAllocatedBytes(precise: true) - before) / (double)PerRound);
                }
            }
        }

        return (Of(0), Of(1), Median(times[1].Zip(times[0], (with, without) => with / without)));

        Dictionary<string, double> Of(int i) => new() { ["p50 µs"] = Median(times[i]), ["bytes"] = Median(bytes[i]) };
    }

    private static async Task<(double Median, double Mean)> RoundTripsAsync(
        MeasuredGateway gateway, string redis, List<BenchRow> rows, CancellationToken cancellationToken)
    {
        const int Calls = 2000;
        await using var store = await ConnectionMultiplexer.ConnectAsync($"{redis},allowAdmin=true");
        var limits = gateway.App.Services.GetRequiredService<LimitService>();
        var perCall = new double[Calls];
        var commands = await CommandsAsync(store);
        var started = Stopwatch.GetTimestamp();
        for (var call = 0; call < Calls; call++)
        {
            var before = limits.RoundTrips;
            await gateway.ChatAsync(MeasuredGateway.Key, cancellationToken);
            perCall[call] = limits.RoundTrips - before;
        }

        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        rows.Add(new BenchRow("Redis", new Dictionary<string, double>
        {
            ["round trips"] = perCall.Average(),
            // Signs of life, epochs and reports of two gateways, by time and not by request.
            ["commands/s"] = (await CommandsAsync(store) - commands) / seconds,
            ["requests/s"] = Calls / seconds,
        }));
        return (Median(perCall), perCall.Average());
    }

    private static async Task<double> CommandsAsync(ConnectionMultiplexer store) =>
        double.Parse((await store.GetServers()[0].InfoAsync("stats")).SelectMany(group => group).First(entry => entry.Key == "total_commands_processed").Value,
            System.Globalization.CultureInfo.InvariantCulture);

    // The key is refused by the gateway that was not told.
    private static async Task<double[]> RevocationsAsync(MeasuredGateway one, MeasuredGateway two, CancellationToken cancellationToken)
    {
        var times = new double[Revocations];
        for (var i = 0; i < Revocations; i++)
        {
            using var response = await one.Admin.PostAsJsonAsync("/admin/keys", new { tenant = "bench" }, cancellationToken);
            var created = JsonNode.Parse(await response.Content.ReadAsStringAsync(cancellationToken))!;
            while (await two.ChatAsync((string)created["key"]!, cancellationToken) != 200)
            {
                await Task.Delay(5, cancellationToken);
            }

            var started = Stopwatch.GetTimestamp();
            using var revoked = await one.Admin.DeleteAsync($"/admin/keys/{created["details"]!["id"]}", cancellationToken);
            while (await two.ChatAsync((string)created["key"]!, cancellationToken) == 200)
            {
            }

            times[i] = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
        }

        Array.Sort(times);
        return times;
    }

    private static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return sorted[sorted.Length / 2];
    }
}
