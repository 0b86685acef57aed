using AiInfra.Tests.Gateway;
using Microsoft.AspNetCore.Http;

namespace AiInfra.Tests.Limits;

/// <summary>A prompt that its bytes would refuse is counted by the engine that would answer it.</summary>
[Collection(RedisGroup.Name)]
public sealed class CountedPromptTests(RedisServer redis)
{
    private const int Tokens = 40;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task It_is_let_in_where_its_tokens_fit_and_refused_where_they_do_not()
    {
        await using var gateway = await StartAsync(budget: 1000);

        using var served = await gateway.Server.PostAsync("/v1/chat/completions", Body(bytes: 5000));
        using var tooMuch = await gateway.Server.PostAsync("/v1/chat/completions", Body(bytes: 5000, maxTokens: 900));

        Assert.Equal((200, 429), ((int)served.StatusCode, (int)tooMuch.StatusCode));
        var counted = gateway.Replica.Requests.First();
        Assert.Equal(("/tokenize", true), (counted.Path, counted.Text.Contains(new string('x', 5000), StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Nobody_is_asked_where_the_bytes_fit_or_the_answer_alone_does_not()
    {
        await using var gateway = await StartAsync(budget: 1000);

        using var far = await gateway.Server.PostAsync("/v1/chat/completions", Body(bytes: 100));
        using var hopeless = await gateway.Server.PostAsync("/v1/chat/completions", Body(bytes: 5000, maxTokens: 1000));

        Assert.Equal((200, 429), ((int)far.StatusCode, (int)hopeless.StatusCode));
        Assert.DoesNotContain(gateway.Replica.Requests, request => request.Path == "/tokenize");
    }

    [Theory]
    [InlineData(404, "{}")]
    [InlineData(200, """{"count":"many"}""")]
    [InlineData(200, "not json")]
    public async Task A_replica_that_cannot_count_leaves_the_bytes_to_decide(int status, string answer)
    {
        await using var gateway = await StartAsync(budget: 1000, status, answer);

        using var refused = await gateway.Server.PostAsync("/v1/chat/completions", Body(bytes: 5000));

        Assert.Equal(429, (int)refused.StatusCode);
    }

    private static string Body(int bytes, int maxTokens = 10) =>
        $$"""{"model":"tiny","max_tokens":{{maxTokens}},"messages":[{"role":"user","content":"{{new string('x', bytes)}}"}]}""";

    private async Task<LimitedGateway> StartAsync(int budget, int status = 200, string? answer = null)
    {
        var gateway = await LimitedGateway.StartAsync(redis, "--Access:Policies:default:Limits:0:Budgets:0:Per=day", $"--Access:Policies:default:Limits:0:Budgets:0:Tokens={budget}");
        gateway.Replica.Script = async (context, request) =>
        {
            if (request.Path == "/tokenize")
            {
                context.Response.StatusCode = status;
                await context.Response.WriteAsync(answer ?? $$"""{"count":{{Tokens}},"max_model_len":2048,"tokens":[1,2]}""", Cancelled);
                return;
            }

            await ScriptedVllm.AnswerAsVllm(context, request);
        };
        // Only a replica that has said which models it serves is asked.
        var pools = (AiInfra.Gateway.Replicas.ReplicaPools)gateway.Server.App.Services.GetService(typeof(AiInfra.Gateway.Replicas.ReplicaPools))!;
        await Memory.WaitUntil.TrueAsync(() => Task.FromResult(pools.All.Single().Replicas is [{ Cards.Count: > 0 }]), Cancelled);
        return gateway;
    }
}
