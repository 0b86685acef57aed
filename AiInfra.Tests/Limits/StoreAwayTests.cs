using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using AiInfra.Gateway.Limits;
using Microsoft.Extensions.DependencyInjection;

namespace AiInfra.Tests.Limits;

public sealed class StoreAwayTests : IAsyncLifetime
{
    private readonly RedisServer _redis = new();

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => _redis.InitializeAsync();

    [Theory]
    [InlineData("reject", 503)]
    [InlineData("local", 200)]
    public async Task While_redis_is_away_the_policy_decides_and_the_books_lose_nothing(string choice, int status)
    {
        await using var gateway = await LimitedGateway.StartAsync(
            _redis, $"--Access:Policies:default:WhenStoreIsAway={choice}", "--Access:Policies:default:Limits:0:Budgets:0:Tokens=10000000");
        using var before = await gateway.Server.ChatAsync();

        _redis.Kill();
        await UntilAsync(() => Limits(gateway).StoreIsAway);
        using var during = await gateway.Server.ChatAsync();
        _redis.Start();
        await _redis.WaitUntilItAnswersAsync();
        await UntilAsync(() => !Limits(gateway).StoreIsAway);
        using var after = await gateway.Server.ChatAsync();

        Assert.Equal([200, status, 200], new[] { before, during, after }.Select(response => (int)response.StatusCode));
        var expected = 7 * (status == 200 ? 3 : 2);
        await UntilAsync(async () => (await gateway.BooksAsync()) is var books && books.PromptTokens + books.CompletionTokens == expected);
        await UntilAsync(async () => await gateway.ChargedAsync(_redis, "key:local:tokens:month") == expected);
    }

    [Theory]
    [InlineData("reject", 503)]
    [InlineData("local", 200)]
    public async Task While_redis_is_away_nobody_can_tell_whether_a_key_was_revoked_and_the_policy_says_what_then(string choice, int status)
    {
        await using var gateway = await LimitedGateway.StartAsync(_redis, $"--Access:Policies:default:WhenStoreIsAway={choice}");
        using var created = await gateway.Server.Admin.PostAsJsonAsync("/admin/keys", new { tenant = gateway.Tenant }, Cancelled);
        var key = JsonNode.Parse(await created.Content.ReadAsStringAsync(Cancelled))!;
        gateway.Server.Client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", (string)key["key"]!);
        await UntilAsync(async () => await StatusAsync(gateway) == 200);

        _redis.Kill();
        await UntilAsync(async () => await StatusAsync(gateway) == status && Limits(gateway).StoreIsAway);
        _redis.Start();
        await _redis.WaitUntilItAnswersAsync();
        await UntilAsync(async () => !Limits(gateway).StoreIsAway && await StatusAsync(gateway) == 200);

        // As another gateway does it that was cut off from this one: the record changes, and this one is not told.
        var record = (string)(await _redis.Connection.GetDatabase().HashGetAsync("aiinfra:keys", (string)key["details"]!["id"]!))!;
        await _redis.Connection.GetDatabase().HashSetAsync("aiinfra:keys", (string)key["details"]!["id"]!, record.Replace("\"revokedAt\":null", "\"revokedAt\":\"2026-01-01T00:00:00+00:00\"", StringComparison.Ordinal));
        await _redis.Connection.GetDatabase().StringIncrementAsync("aiinfra:identity-epoch");
        await UntilAsync(async () => await StatusAsync(gateway) == 401);
    }

    public ValueTask DisposeAsync() => _redis.DisposeAsync();

    private static LimitService Limits(LimitedGateway gateway) => gateway.Server.App.Services.GetRequiredService<LimitService>();

    private static async Task<int> StatusAsync(LimitedGateway gateway)
    {
        using var response = await gateway.Server.ChatAsync();
        return (int)response.StatusCode;
    }

    private static Task UntilAsync(Func<bool> holds) => UntilAsync(() => Task.FromResult(holds()));

    private static async Task UntilAsync(Func<Task<bool>> holds)
    {
        for (var attempt = 0; attempt < 400; attempt++)
        {
            if (await holds())
            {
                return;
            }

            await Task.Delay(50, Cancelled);
        }

        Assert.Fail("It did not come to pass.");
    }
}
