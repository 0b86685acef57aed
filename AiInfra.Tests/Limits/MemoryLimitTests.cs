using AiInfra.Tests.Gateway;

namespace AiInfra.Tests.Limits;

/// <summary>Calls to the memories are under the same limits as any other, but cost no tokens.</summary>
[Collection(RedisGroup.Name)]
public sealed class MemoryLimitTests(RedisServer redis)
{
    private const string Set = "--Access:Policies:default:Limits:0";

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task They_count_as_requests_and_are_booked_without_tokens()
    {
        await using var memory = await ScriptedVllm.StartAsync();
        memory.Script = (_, _) => Task.CompletedTask;
        await using var gateway = await StartAsync(memory, $"{Set}:RequestsPerMinute=2", $"{Set}:Budgets:0:Tokens=1000");

        var statuses = new List<int>();
        for (var call = 0; call < 3; call++)
        {
            using var response = await gateway.Server.Client.GetAsync("/v1/memories", Cancelled);
            statuses.Add((int)response.StatusCode);
        }

        Assert.Equal([200, 200, 429], statuses);
        Assert.Equal(2, memory.Requests.Count);
        Assert.Equal(("memory", 0L), await gateway.BooksAsync() is var row ? (row.Model, row.PromptTokens + row.CompletionTokens + row.UncountedTokens) : default);
    }

    [Fact]
    public async Task A_place_is_given_back_when_the_answer_ends()
    {
        var gate = new TaskCompletionSource();
        await using var memory = await ScriptedVllm.StartAsync();
        memory.Script = async (_, _) => await gate.Task.WaitAsync(Cancelled);
        await using var gateway = await StartAsync(memory, $"{Set}:Concurrency=1");

        var first = gateway.Server.Client.GetAsync("/v1/memories", Cancelled);
        await Memory.WaitUntil.TrueAsync(() => Task.FromResult(memory.Requests.Count == 1), Cancelled);
        using var second = await gateway.Server.Client.GetAsync("/v1/memories", Cancelled);
        gate.SetResult();
        using var served = await first;

        Assert.Equal((429, 200), ((int)second.StatusCode, (int)served.StatusCode));
        await Memory.WaitUntil.TrueAsync(async () =>
        {
            using var third = await gateway.Server.Client.GetAsync("/v1/memories", Cancelled);
            return third.StatusCode == System.Net.HttpStatusCode.OK;
        }, Cancelled);
    }

    [Fact]
    public async Task What_the_policy_grants_of_memories_travels_in_the_service_token()
    {
        await using var memory = await ScriptedVllm.StartAsync();
        memory.Script = (_, _) => Task.CompletedTask;
        await using var gateway = await StartAsync(memory, "--Access:Policies:default:Memory:1=erase", "--Access:Policies:default:Domains:0=code", "--Access:Policies:default:Domains:1=website");

        using var read = await gateway.Server.Client.GetAsync("/v1/memories", Cancelled);
        using var write = await gateway.Server.Client.PostAsync("/v1/memories", GatewayServer.Json("{}"), Cancelled);
        using var search = await gateway.Server.Client.PostAsync("/v1/memories/search", GatewayServer.Json("{}"), Cancelled);
        using var administer = await gateway.Server.Client.PostAsync("/v1/memories/admin/rebuild", GatewayServer.Json("{}"), Cancelled);

        Assert.Equal([200, 403, 200, 403], new[] { read, write, search, administer }.Select(response => (int)response.StatusCode));
        var token = Identity.TokenGateway.Read(memory.Requests.First().Headers["Authorization"]["Bearer ".Length..]);
        Assert.Equal(("memory.read memory.erase", "code website"), (token.GetClaim("scope").Value, token.GetClaim("domains").Value));
    }

    private Task<LimitedGateway> StartAsync(ScriptedVllm memory, params string[] settings) => LimitedGateway.StartAsync(
        redis, [$"--services:memory:http:0={memory.Address}", $"--Tokens:SigningKey={GatewayServer.NewSigningKey()}", .. settings]);
}
