using AiInfra.Tests.Limits;

namespace AiInfra.Tests.Memory;

/// <summary>Embedded questions, held in the process and behind it in a Redis of the test's own.</summary>
public sealed class QueryCacheTests : IAsyncLifetime
{
    private readonly RedisServer _redis = new();
    private int _asked;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => _redis.InitializeAsync();

    public ValueTask DisposeAsync() => _redis.DisposeAsync();

    [Fact]
    public async Task A_question_is_embedded_once_for_all_who_share_a_redis_and_it_is_forgotten_there_too()
    {
        await using var one = new InProcessMemory(redis: _redis.ConnectionString);
        await using var two = new InProcessMemory(redis: _redis.ConnectionString);

        await WaitUntil.TrueAsync(() => IsSharedAsync(one, two), Cancelled);
        await WaitUntil.TrueAsync(
            async () =>
            {
                await one.Embedder.ForgetQueriesAsync();
                return !_redis.Connection.GetServers()[0].Keys(pattern: "memory:query:*").Any();
            },
            Cancelled);
    }

    [Fact]
    public async Task Without_redis_questions_are_answered_and_kept_by_the_service_alone()
    {
        await using var never = new InProcessMemory(redis: "127.0.0.1:1");
        await using var memory = new InProcessMemory(redis: _redis.ConnectionString);
        await WaitUntil.TrueAsync(
            async () =>
            {
                await memory.Embedder.EmbedQueryAsync($"question {_asked++}", Cancelled);
                return _redis.Connection.GetServers()[0].Keys(pattern: "memory:query:*").Any();
            },
            Cancelled);
        _redis.Kill();

        foreach (var service in new[] { never, memory })
        {
            var first = await service.Embedder.EmbedQueryAsync("Who left?", Cancelled);
            var calls = service.Generator.Calls;
            Assert.Equal(first.Vector.ToArray(), (await service.Embedder.EmbedQueryAsync("Who left?", Cancelled)).Vector.ToArray());
            Assert.Equal(calls, service.Generator.Calls);
            await service.Embedder.ForgetQueriesAsync();
            await service.Embedder.EmbedQueryAsync("Who left?", Cancelled);
            Assert.Equal(calls + 1, service.Generator.Calls);
        }
    }

    // Asked anew each time: what the second once embedded itself proves nothing.
    private async Task<bool> IsSharedAsync(InProcessMemory one, InProcessMemory two)
    {
        var text = $"question {_asked++}";
        var expected = await one.Embedder.EmbedQueryAsync(text, Cancelled);
        var calls = two.Generator.Calls;
        var found = await two.Embedder.EmbedQueryAsync(text, Cancelled);
        Assert.Equal(expected.Vector.ToArray(), found.Vector.ToArray());
        Assert.Equal(expected.Tokens.ToBytes(), found.Tokens.ToBytes());
        return two.Generator.Calls == calls;
    }
}
