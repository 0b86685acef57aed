using System.Text.Json;
using AiInfra.Tests.Gateway;

namespace AiInfra.Tests.Limits;

[Collection(RedisGroup.Name)]
public sealed class GatewayLimitTests(RedisServer redis)
{
    private const string Set = "--Access:Policies:default:Limits:0";

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Over_the_requests_of_a_minute_it_is_429_with_the_time_to_come_back()
    {
        await using var gateway = await LimitedGateway.StartAsync(redis, $"{Set}:RequestsPerMinute=2");

        using var first = await gateway.Server.ChatAsync();
        using var second = await gateway.Server.ChatAsync();
        using var third = await gateway.Server.ChatAsync();

        Assert.Equal(["2", "1"], new[] { "limit", "remaining" }.Select(name => first.Headers.GetValues($"x-ratelimit-{name}-requests").Single()));
        Assert.Equal(200, (int)second.StatusCode);
        Assert.Equal(429, (int)third.StatusCode);
        Assert.InRange(third.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 50, 61);
        Assert.Equal("0", third.Headers.GetValues("x-ratelimit-remaining-requests").Single());
        using var error = JsonDocument.Parse(await third.Content.ReadAsStringAsync(Cancelled));
        Assert.Equal("rate_limit_exceeded", error.RootElement.GetProperty("error").GetProperty("code").GetString());
    }

    [Fact]
    public async Task A_spent_budget_comes_back_with_the_next_period()
    {
        await using var gateway = await LimitedGateway.StartAsync(redis, $"{Set}:Budgets:0:Per=day", $"{Set}:Budgets:0:Tokens=420");

        using var first = await gateway.Server.ChatAsync(more: ",\"max_tokens\":64");
        using var second = await gateway.Server.ChatAsync(more: ",\"max_tokens\":64");
        using var third = await gateway.Server.ChatAsync(more: ",\"max_tokens\":64");
        using var larger = await gateway.Server.ChatAsync(more: ",\"max_tokens\":1000");

        Assert.Equal([200, 200], new[] { first, second }.Select(response => (int)response.StatusCode));
        Assert.Equal(429, (int)larger.StatusCode);
        Assert.Null(larger.Headers.RetryAfter);
        _ = third;
    }

    [Fact]
    public async Task Two_gateways_let_no_more_run_at_a_time_than_one_limit_allows()
    {
        var running = 0;
        var most = 0;
        var gate = new Lock();
        string[] limit = [$"{Set}:Per=tenant", $"{Set}:Concurrency=5"];
        await using var one = await LimitedGateway.StartAsync(redis, limit);
        await using var two = await LimitedGateway.StartAsync(redis, [.. limit, $"--Gateway:Keys:0:Tenant={one.Tenant}"]);
        one.Replica.Script = two.Replica.Script = async (context, request) =>
        {
            lock (gate)
            {
                most = Math.Max(most, ++running);
            }

            await Task.Delay(5, Cancelled);
            lock (gate)
            {
                running--;
            }

            await ScriptedVllm.AnswerAsVllm(context, request);
        };

        var statuses = await Task.WhenAll(Enumerable.Range(0, 32).Select(async i =>
        {
            var counts = new int[600];
            for (var call = 0; call < 12; call++)
            {
                using var response = await (i % 2 == 0 ? one : two).Server.ChatAsync();
                counts[(int)response.StatusCode]++;
            }

            return (Served: counts[200], Refused: counts[429]);
        }));

        Assert.InRange(most, 2, 5);
        Assert.Equal(32 * 12, statuses.Sum(count => count.Served + count.Refused));
        // How many are refused meanwhile depends on the machine; at least one full set of places is served.
        Assert.InRange(statuses.Sum(count => count.Served), 5, int.MaxValue);
    }

    [Fact]
    public async Task Far_from_the_limits_requests_need_no_round_trip()
    {
        await using var gateway = await LimitedGateway.StartAsync(
            redis, $"{Set}:RequestsPerMinute=100000", $"{Set}:TokensPerMinute=100000000", $"{Set}:Budgets:0:Tokens=10000000000");
        var limits = gateway.Server.App.Services.GetService(typeof(AiInfra.Gateway.Limits.LimitService)) as AiInfra.Gateway.Limits.LimitService;

        using var first = await gateway.Server.ChatAsync();
        var before = limits!.RoundTrips;
        for (var call = 0; call < 100; call++)
        {
            using var response = await gateway.Server.ChatAsync();
            Assert.Equal(200, (int)response.StatusCode);
        }

        // Reports go out once a second, whatever happens.
        Assert.InRange(limits.RoundTrips - before, 0, 50);
    }
}
