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
        await UntilAsync(() => gateway.Server.App.Services.GetService(typeof(AiInfra.Gateway.Limits.LimitService)) is AiInfra.Gateway.Limits.LimitService { StoreIsAway: true });
        using var during = await gateway.Server.ChatAsync();
        _redis.Start();
        await _redis.WaitUntilItAnswersAsync();
        await UntilAsync(() => gateway.Server.App.Services.GetService(typeof(AiInfra.Gateway.Limits.LimitService)) is AiInfra.Gateway.Limits.LimitService { StoreIsAway: false });
        using var after = await gateway.Server.ChatAsync();

        Assert.Equal([200, status, 200], new[] { before, during, after }.Select(response => (int)response.StatusCode));
        var expected = 7 * (status == 200 ? 3 : 2);
        await UntilAsync(async () => (await gateway.BooksAsync()) is var books && books.PromptTokens + books.CompletionTokens == expected);
        await UntilAsync(async () => await gateway.ChargedAsync(_redis, "key:local:tokens:month") == expected);
    }

    public ValueTask DisposeAsync() => _redis.DisposeAsync();

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
