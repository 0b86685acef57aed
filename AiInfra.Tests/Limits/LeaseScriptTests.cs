using AiInfra.Gateway.Limits;
using AiInfra.Tests.Fixtures;
using Garnet;
using StackExchange.Redis;

namespace AiInfra.Tests.Limits;

[Collection(RedisGroup.Name)]
public sealed class LeaseScriptTests(RedisServer redis)
{
    [Fact]
    public async Task Redis_answers_as_the_model_of_the_schedules_does() => await CompareAsync(redis.Connection, rounds: 1500);

    [Fact]
    public async Task Garnet_answers_as_the_model_of_the_schedules_does()
    {
        var port = FreePorts.Next();
        using var garnet = new GarnetServer(
            ["--bind", "127.0.0.1", "--port", $"{port}", "--lua", "--memory", "64m", "--page", "1m", "--index", "8m", "--device-type", "RandomAccess"]);
        garnet.Start();
        await using var connection = await ConnectionMultiplexer.ConnectAsync($"127.0.0.1:{port}");

        await CompareAsync(connection, rounds: 300);
    }

    [Fact]
    public async Task A_meter_is_kept_for_forty_days_after_its_period()
    {
        var store = new LeaseStore(redis.Connection);
        var utc = DateTimeOffset.UtcNow;
        var line = new StoreLine("aiinfra:{life}:m", new MeterRule(MeterUnit.Tokens, MeterSpan.Day, 10), utc.AddDays(1), 0, 0, 0, 1, 0);

        await store.RunAsync("a", 1, [], new StoreMessage(1, [line]), utc);

        Assert.Equal(41, (await redis.Connection.GetDatabase().KeyTimeToLiveAsync(line.StoreKey))!.Value.TotalDays, 0.1);
    }

    // Random messages, stale ones and dead gateways among them; the figures go beyond what 32 bits hold.
    private static async Task CompareAsync(IConnectionMultiplexer connection, int rounds)
    {
        var random = new Random(7);
        var (store, model) = (new LeaseStore(connection), new ModelStore());
        var end = DateTimeOffset.UtcNow.AddDays(2);
        MeterRule[] rules =
        [
            new(MeterUnit.Tokens, MeterSpan.Minute, 5000), new(MeterUnit.Money, MeterSpan.Month, 9_000_000_000_000), new(MeterUnit.Running, MeterSpan.Now, 4),
        ];
        var granted = new Dictionary<(string, string), long>();
        for (var round = 0; round < rounds; round++)
        {
            var gateway = $"g{random.Next(4)}";
            string[] dead = random.Next(10) == 0 ? [$"g{random.Next(4)}", "never"] : [];
            var lines = rules.Select(rule =>
            {
                var key = $"aiinfra:{{t}}:compare:{rule.Unit}";
                var keep = random.NextInt64(granted.GetValueOrDefault((gateway, key)) + 1);
                var used = rule.IsBudget ? random.Next(5) == 0 ? -1 : keep / 2 : 0;
                return new StoreLine(key, rule, end, used, keep, used < 0 ? 0 : keep, random.NextInt64((rule.Limit / 8) + 2), random.NextInt64((rule.Limit / 4) + 1));
            }).ToList();
            var message = new StoreMessage(round - random.Next(4), lines);

            var alive = 1 + random.Next(3);
            var expected = model.Run(gateway, alive, dead.ToHashSet(), message);
            var actual = await store.RunAsync(gateway, alive, dead, message, DateTimeOffset.UtcNow);

            Assert.Equal(expected, actual);
            foreach (var grant in actual)
            {
                granted[(gateway, grant.StoreKey)] = grant.Granted;
            }
        }
    }
}
