using AiInfra.Bench.Running;

namespace AiInfra.Bench.Limits;

/// <summary>Two gateway processes against one limit, undisturbed and with a store or a gateway killed in the middle.</summary>
internal sealed class LimitsBenchmark : IBenchmark
{
    private const int ClientsPerGateway = 64;

    public string Name => "limits";

    public string Summary =>
        "exactness of limits: 2 gateways x 64 clients on one budget, a third of the calls cancelled, Redis or a gateway killed; needs redis-server; 3 min";

    public async Task<BenchReport> RunAsync(BenchArguments arguments, CancellationToken cancellationToken)
    {
        var duration = TimeSpan.FromSeconds(arguments.Full ? 45 : 20);
        var budget = arguments.Full ? 150_000 : 50_000;
        var rows = new List<BenchRow>();
        var bars = new List<BenchBar>();
        double[] revoked = [];
        foreach (var (name, limit, disturb) in new (string, string, Func<Platform, Task>?)[]
        {
            ("budget", "Budgets__0__Tokens", async platform => revoked = await Revocations.RunAsync(platform, cancellationToken)),
            ("budget, Redis killed", "Budgets__0__Tokens", platform => KillRedisAsync(platform, duration, cancellationToken)),
            ("budget, gateway killed", "Budgets__0__Tokens", platform => KillGatewayAsync(platform, duration, cancellationToken)),
            ("minute", "TokensPerMinute", null),
        })
        {
            using var platform = await Platform.StartAsync(limit, budget, cancellationToken);
            var clients = new Clients(platform.Addresses, ClientsPerGateway, seed: rows.Count * 1000);
            await Task.WhenAll(clients.RunAsync(duration, cancellationToken), disturb?.Invoke(platform) ?? Task.CompletedTask);
            var (charged, booked, uncounted, requests, held) = await platform.BooksAsync(cancellationToken);
            var produced = await platform.ProducedAsync(cancellationToken);
            var isBudget = limit != "TokensPerMinute";
            rows.Add(new BenchRow(name, new Dictionary<string, double>
            {
                ["limit"] = budget,
                ["produced"] = produced,
                ["booked"] = booked,
                ["charged"] = isBudget ? charged : booked,
                ["uncounted"] = uncounted,
                ["requests"] = requests,
                ["done"] = clients.Completed,
                ["left"] = clients.Cancelled,
                ["429"] = clients.Refused,
                ["failed"] = clients.Failed,
            }));
            bars.Add(BenchBar.AtMost($"{name}: tokens charged over the limit", Math.Max(0, (isBudget ? charged : booked) - budget), 0));
            bars.Add(BenchBar.AtMost($"{name}: tokens produced over the limit", Math.Max(0, produced - budget), 0));
            if (isBudget)
            {
                bars.Add(BenchBar.AtMost($"{name}: difference between the limit's charges and the books", Math.Abs(charged - booked), 0));
                bars.Add(BenchBar.AtMost($"{name}: tokens still reserved when every call has ended", held, 0));
            }

            // Between the last frame that a leaving caller's stream got and the engine's stop a token or two may be made that nobody saw.
            bars.Add(BenchBar.AtMost($"{name}: tokens produced and not charged, per call that left", Math.Max(0, produced - (isBudget ? charged : booked)) / Math.Max(1.0, clients.Cancelled), 2));
        }

        rows.Add(new BenchRow("revocation", new Dictionary<string, double> { ["median ms"] = revoked[Revocations.Count / 2], ["max ms"] = revoked[^1] }));
        bars.Add(BenchBar.AtMost($"a key revoked on one gateway is refused by the other after, ms, the longest of {Revocations.Count}, under load", revoked[^1], 1000));
        return new BenchReport(Name, rows, bars)
        {
            Notes =
            [
                "Revocations are measured from the administrator's call on one gateway process to the first refusal of the other, during the first scenario.",
                $"{ClientsPerGateway} clients a gateway for {duration.TotalSeconds:0} s, answers of 1 to 63 tokens; 'produced' is what the replicas' own counters say.",
                "'uncounted' are reservations of plain calls whose callers left, and of streams left before their first frame.",
            ],
        };
    }

    private static async Task KillRedisAsync(Platform platform, TimeSpan duration, CancellationToken cancellationToken)
    {
        await Task.Delay(duration / 5, cancellationToken);
        platform.Redis.Kill();
        await Task.Delay(duration / 5, cancellationToken);
        await platform.Redis.StartAsync(cancellationToken);
    }

    private static async Task KillGatewayAsync(Platform platform, TimeSpan duration, CancellationToken cancellationToken)
    {
        await Task.Delay(duration / 5, cancellationToken);
        platform.Gateways[1].Kill();
        await platform.Gateways[1].StartAsync(cancellationToken);
    }
}
