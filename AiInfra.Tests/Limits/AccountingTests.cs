using AiInfra.Tests.Gateway;
using Microsoft.AspNetCore.Http;

namespace AiInfra.Tests.Limits;

[Collection(RedisGroup.Name)]
public sealed class AccountingTests(RedisServer redis)
{
    private const string DayBudget = "--Access:Policies:default:Limits:0:Budgets:0:Per=day";
    private const string Budget = "--Access:Policies:default:Limits:0:Budgets:0:Tokens=10000";

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Continuous_usage_is_asked_for_and_taken_out_again()
    {
        await using var gateway = await LimitedGateway.StartAsync(redis);

        using var response = await gateway.Server.ChatAsync(stream: true);
        var text = await response.Content.ReadAsStringAsync(Cancelled);

        var expected = string.Concat(Enumerable.Range(1, 10).Select(token => $"data: {LimitedGateway.Frame(token, withUsage: false)}\n\n")) + "data: [DONE]\n\n";
        Assert.Equal(expected, text);
        Assert.Contains("\"stream_options\":{\"include_usage\":true,\"continuous_usage_stats\":true}", Assert.Single(gateway.Replica.Requests).Text, StringComparison.Ordinal);
        var books = await gateway.BooksAsync();
        Assert.Equal((1, 5, 3, 10, 0), (books.Requests, books.PromptTokens, books.CachedTokens, books.CompletionTokens, books.UncountedTokens));
    }

    [Theory]
    [InlineData("""{"include_usage":true}""", false)]
    [InlineData("""{"include_usage":true,"continuous_usage_stats":true}""", true)]
    public async Task Whoever_asks_for_usage_gets_what_was_asked_for(string options, bool isContinuous)
    {
        await using var gateway = await LimitedGateway.StartAsync(redis);

        using var response = await gateway.Server.ChatAsync(stream: true, $",\"stream_options\":{options}");
        var text = await response.Content.ReadAsStringAsync(Cancelled);

        var expected = string.Concat(Enumerable.Range(1, 10).Select(token => $"data: {LimitedGateway.Frame(token, isContinuous)}\n\n"))
            + $"data: {LimitedGateway.LastFrame}\n\ndata: [DONE]\n\n";
        Assert.Equal(expected, text);
    }

    [Fact]
    public async Task A_call_pays_what_it_used_and_not_what_it_reserved()
    {
        await using var gateway = await LimitedGateway.StartAsync(redis, DayBudget, Budget);

        using var response = await gateway.Server.ChatAsync(more: ",\"max_tokens\":1000");

        Assert.Equal(200, (int)response.StatusCode);
        Assert.Equal(7, await gateway.ChargedAsync(redis, "key:local:tokens:day"));
    }

    [Fact]
    public async Task A_stream_whose_caller_left_pays_what_it_had_used()
    {
        await using var gateway = await LimitedGateway.StartAsync(redis, DayBudget, Budget);
        var stopped = new TaskCompletionSource();
        gateway.Replica.Script = async (context, _) =>
        {
            context.RequestAborted.Register(stopped.SetResult);
            for (var token = 1; token <= 4; token++)
            {
                await ScriptedVllm.WriteFrameAsync(context, LimitedGateway.Frame(token, withUsage: true));
            }

            await Task.Delay(Timeout.Infinite, context.RequestAborted);
        };

        var response = await gateway.Server.ChatAsync(stream: true);
        using (var stream = new StreamReader(await response.Content.ReadAsStreamAsync(Cancelled)))
        {
            while (!(await stream.ReadLineAsync(Cancelled))!.Contains("w4", StringComparison.Ordinal))
            {
            }
        }

        response.Dispose();
        await stopped.Task.WaitAsync(Cancelled);
        Assert.Equal(9, await gateway.ChargedAsync(redis, "key:local:tokens:day"));
    }

    [Fact]
    public async Task A_plain_call_whose_caller_left_pays_its_reservation()
    {
        await using var gateway = await LimitedGateway.StartAsync(redis, DayBudget, Budget);
        var arrived = new TaskCompletionSource();
        gateway.Replica.Script = async (context, _) =>
        {
            arrived.SetResult();
            await Task.Delay(Timeout.Infinite, context.RequestAborted);
        };
        using var leaving = CancellationTokenSource.CreateLinkedTokenSource(Cancelled);
        const string Body = """{"model":"tiny","messages":[{"role":"user","content":"Hi"}],"max_tokens":100,"n":2}""";

        var call = gateway.Server.Client.PostAsync("/v1/chat/completions", GatewayServer.Json(Body), leaving.Token);
        await arrived.Task.WaitAsync(Cancelled);
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);

        Assert.Equal(Body.Length + 256 + 200, await gateway.ChargedAsync(redis, "key:local:tokens:day"));
    }

    [Fact]
    public async Task What_the_platform_failed_at_costs_nothing()
    {
        await using var gateway = await LimitedGateway.StartAsync(redis, DayBudget, Budget);
        gateway.Replica.Script = (context, _) =>
        {
            context.Response.StatusCode = 500;
            return Task.CompletedTask;
        };
        using var failed = await gateway.Server.ChatAsync();
        gateway.Replica.Script = LimitedGateway.StreamAsync;
        using var answered = await gateway.Server.ChatAsync();

        Assert.True((int)failed.StatusCode >= 500);
        Assert.Equal(200, (int)answered.StatusCode);
        Assert.Equal(7, await gateway.ChargedAsync(redis, "key:local:tokens:day"));
    }

    [Fact]
    public async Task Embeddings_are_counted_from_the_end_of_their_answer()
    {
        await using var gateway = await LimitedGateway.StartAsync(redis, DayBudget, Budget);

        using var response = await gateway.Server.PostAsync("/v1/embeddings", """{"model":"tiny","input":"Hello"}""");

        Assert.Equal(ScriptedVllm.Embedding, await response.Content.ReadAsStringAsync(Cancelled));
        Assert.Equal(3, await gateway.ChargedAsync(redis, "key:local:tokens:day"));
    }

    [Fact]
    public async Task Messages_are_counted_with_the_tokens_that_were_cached_beside_the_others()
    {
        await using var gateway = await LimitedGateway.StartAsync(redis, DayBudget, Budget);
        gateway.Replica.Script = (context, _) =>
        {
            context.Response.ContentType = "application/json";
            return context.Response.WriteAsync(
                """{"id":"m","type":"message","role":"assistant","content":[{"type":"text","text":"Hi"}],"model":"tiny","stop_reason":"end_turn","usage":{"input_tokens":2,"cache_read_input_tokens":3,"cache_creation_input_tokens":4,"output_tokens":5}}""", Cancelled);
        };

        using var response = await gateway.Server.PostAsync("/v1/messages", """{"model":"tiny","max_tokens":10,"messages":[{"role":"user","content":"Hi"}]}""");

        Assert.Equal(200, (int)response.StatusCode);
        Assert.Equal(2 + 3 + 4 + 5, await gateway.ChargedAsync(redis, "key:local:tokens:day"));
    }

    [Fact]
    public async Task Money_is_counted_in_millionths_with_a_price_for_cached_tokens()
    {
        await using var gateway = await LimitedGateway.StartAsync(
            redis, "--Access:Policies:default:Limits:0:Per=tenant", "--Access:Policies:default:Limits:0:Budgets:0:Money=1",
            "--Access:Prices:tiny:Prompt=10", "--Access:Prices:tiny:CachedPrompt=1", "--Access:Prices:tiny:Completion=100");

        using var response = await gateway.Server.ChatAsync(stream: true);
        await response.Content.ReadAsStringAsync(Cancelled);

        Assert.Equal((2 * 10) + (3 * 1) + (10 * 100), await gateway.ChargedAsync(redis, "tenant:money:month"));
    }

    [Fact]
    public async Task Max_tokens_is_set_from_the_policy_where_tokens_are_limited()
    {
        await using var gateway = await LimitedGateway.StartAsync(redis, Budget, "--Access:Policies:default:DefaultMaxTokens=77");

        using var without = await gateway.Server.ChatAsync();
        using var with = await gateway.Server.ChatAsync(more: ",\"max_completion_tokens\":5");

        Assert.Contains("\"max_tokens\":77,", gateway.Replica.Requests.First().Text, StringComparison.Ordinal);
        Assert.DoesNotContain("max_tokens", gateway.Replica.Requests.Last().Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(",\"max_tokens\":\"5\"")]
    [InlineData(",\"n\":1.5")]
    [InlineData(",\"max_tokens\":5,\"max_tokens\":500000")]
    [InlineData(",\"stream\":true")]
    public async Task What_the_bound_is_made_of_is_read_once_and_strictly(string more)
    {
        await using var gateway = await LimitedGateway.StartAsync(redis, Budget);

        using var response = await gateway.Server.ChatAsync(more: more);

        Assert.Equal(400, (int)response.StatusCode);
        Assert.Empty(gateway.Replica.Requests);
    }
}
