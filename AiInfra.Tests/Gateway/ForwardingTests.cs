using System.Text;
using System.Text.Json;

namespace AiInfra.Tests.Gateway;

public sealed class ForwardingTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_body_goes_on_as_it_came_and_the_answer_comes_back_as_it_came()
    {
        await using var replica = await ScriptedVllm.StartAsync();
        await using var gateway = await GatewayServer.StartAsync([replica], "--Gateway:Models:0:ApiKey=sk-replica", "--Gateway:ShareCacheBetweenTenants=true");
        var body = "  {\"messages\" : [{\"role\":\"user\",\"content\":\"h\\u00e9 \uD83D\uDE00\"}],\n\"unknown_field\":{\"x\":[1,2,{\"model\":\"no\"}]}, \"temperature\":1e-7,\"model\":\"tiny\"}\n";

        using var response = await gateway.PostAsync("/v1/chat/completions", body);

        Assert.Equal(200, (int)response.StatusCode);
        Assert.Equal(ScriptedVllm.Plain, await response.Content.ReadAsStringAsync(Cancelled));
        var seen = Assert.Single(replica.Requests);
        Assert.Equal(Encoding.UTF8.GetBytes(body), seen.Body);
        Assert.Equal("Bearer sk-replica", seen.Headers["Authorization"]);
    }

    [Fact]
    public async Task The_callers_headers_stay_here()
    {
        await using var replica = await ScriptedVllm.StartAsync();
        await using var gateway = await GatewayServer.StartAsync([replica]);
        foreach (var (name, value) in new[] { ("Cookie", "a=b"), ("X-Data-Parallel-Rank", "7"), ("X-Forwarded-For", "1.2.3.4"), ("x-api-key", GatewayServer.Key) })
        {
            gateway.Client.DefaultRequestHeaders.TryAddWithoutValidation(name, value);
        }

        using var response = await gateway.ChatAsync();

        var seen = Assert.Single(replica.Requests).Headers;
        Assert.Subset(
            new HashSet<string>(["Host", "Accept", "Content-Type", "Content-Length", "X-Request-Id", "traceparent", "endpoint-load-metrics-format"], StringComparer.OrdinalIgnoreCase),
            seen.Keys.ToHashSet(StringComparer.OrdinalIgnoreCase));
        Assert.Equal($"127.0.0.1:{replica.Port}", seen["Host"]);
    }

    [Fact]
    public async Task A_large_chunked_body_arrives_whole()
    {
        await using var replica = await ScriptedVllm.StartAsync();
        await using var gateway = await GatewayServer.StartAsync([replica], "--Gateway:ShareCacheBetweenTenants=true");
        var body = $$"""{"model":"tiny","messages":[{"role":"user","content":"{{new string('x', 3_000_000)}}"}]}""";
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions") { Content = GatewayServer.Json(body) };
        request.Headers.TransferEncodingChunked = true;

        using var response = await gateway.Client.SendAsync(request, Cancelled);

        Assert.Equal(200, (int)response.StatusCode);
        Assert.Equal(body, Assert.Single(replica.Requests).Text);
    }

    [Fact]
    public async Task Frames_come_one_by_one_as_the_replica_sends_them()
    {
        await using var replica = await ScriptedVllm.StartAsync();
        await using var gateway = await GatewayServer.StartAsync([replica]);
        var next = new SemaphoreSlim(0);
        replica.Script = async (context, _) =>
        {
            for (var i = 0; i < 3; i++)
            {
                await next.WaitAsync(context.RequestAborted);
                await ScriptedVllm.WriteFrameAsync(context, ScriptedVllm.Chunk($"word{i}"));
            }

            await ScriptedVllm.WriteFrameAsync(context, "[DONE]");
        };

        next.Release();
        using var response = await gateway.ChatAsync(stream: true);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(Cancelled));
        Assert.Equal("text/event-stream; charset=utf-8", response.Content.Headers.ContentType!.ToString());
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal($"data: {ScriptedVllm.Chunk($"word{i}")}", await reader.ReadLineAsync(Cancelled));
            Assert.Equal("", await reader.ReadLineAsync(Cancelled));
            next.Release();
        }

        Assert.Equal("data: [DONE]\n\n", await reader.ReadToEndAsync(Cancelled));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_caller_who_leaves_stops_the_replica(bool stream)
    {
        await using var replica = await ScriptedVllm.StartAsync();
        await using var gateway = await GatewayServer.StartAsync([replica]);
        var (arrived, stopped) = (new TaskCompletionSource(), new TaskCompletionSource());
        replica.Script = async (context, _) =>
        {
            context.RequestAborted.Register(() => stopped.TrySetResult());
            if (stream)
            {
                await ScriptedVllm.WriteFrameAsync(context, ScriptedVllm.Chunk("first"));
            }

            arrived.SetResult();
            await Task.Delay(Timeout.Infinite, context.RequestAborted);
        };

        using var leave = new CancellationTokenSource();
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions")
        {
            Content = GatewayServer.Json($$"""{"model":"tiny","messages":[],"stream":{{(stream ? "true" : "false")}}}"""),
        };
        var call = gateway.Client.SendAsync(request, leave.Token);
        await arrived.Task.WaitAsync(Limit, Cancelled);
        await leave.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);

        await stopped.Task.WaitAsync(Limit, Cancelled);
    }

    [Fact]
    public async Task Replicas_take_turns()
    {
        await using var first = await ScriptedVllm.StartAsync();
        await using var second = await ScriptedVllm.StartAsync();
        await using var gateway = await GatewayServer.StartAsync([first, second], "--Routing:Policy=RoundRobin");

        for (var i = 0; i < 6; i++)
        {
            using var response = await gateway.ChatAsync();
            Assert.Equal(200, (int)response.StatusCode);
        }

        Assert.Equal((3, 3), (first.Requests.Count, second.Requests.Count));
    }

    [Fact]
    public async Task Models_are_listed_with_aliases_and_what_the_replica_says_of_them()
    {
        await using var replica = await ScriptedVllm.StartAsync();
        await using var gateway = await GatewayServer.StartAsync(
            [replica], "--Gateway:Models:0:Aliases:0=small", "--Gateway:Models:1:Name=away", "--Gateway:Models:1:Service=nowhere", "--services:nowhere:http:0=http://127.0.0.1:9");

        var data = await ModelsAsync(gateway);
        while (!data[0].TryGetProperty("max_model_len", out _))
        {
            await Task.Delay(20, Cancelled);
            data = await ModelsAsync(gateway);
        }

        Assert.Equal(["tiny", "small", "away"], data.Select(card => card.GetProperty("id").GetString()));
        Assert.Equal(2048, data[1].GetProperty("max_model_len").GetInt32());
        Assert.Equal("scripted", data[1].GetProperty("owned_by").GetString());
        using var one = await gateway.Client.GetAsync("/v1/models/small", Cancelled);
        using var none = await gateway.Client.GetAsync("/v1/models/large", Cancelled);
        Assert.Equal((200, 404), ((int)one.StatusCode, (int)none.StatusCode));
    }

    [Fact]
    public async Task An_alias_reaches_the_replica_under_the_name_that_it_serves()
    {
        await using var replica = await ScriptedVllm.StartAsync();
        await using var gateway = await GatewayServer.StartAsync([replica], "--Gateway:Models:0:Aliases:0=small \"x\"", "--Gateway:ShareCacheBetweenTenants=true");

        using var response = await gateway.PostAsync("/v1/chat/completions", """{"a":1,"model":"small \u0022x\"","messages":[]}""");

        Assert.Equal(200, (int)response.StatusCode);
        Assert.Equal("""{"a":1,"model":"tiny","messages":[]}""", Assert.Single(replica.Requests).Text);
    }

    [Fact]
    public async Task An_unknown_model_is_not_found()
    {
        await using var replica = await ScriptedVllm.StartAsync();
        await using var gateway = await GatewayServer.StartAsync([replica]);

        using var response = await gateway.PostAsync("/v1/chat/completions", """{"model":"gpt-9","messages":[]}""");

        Assert.Equal(404, (int)response.StatusCode);
        using var body = JsonDocument.Parse(await response.Content.ReadAsStringAsync(Cancelled));
        Assert.Equal("model_not_found", body.RootElement.GetProperty("error").GetProperty("code").GetString());
        Assert.Empty(replica.Requests);
    }

    private static async Task<List<JsonElement>> ModelsAsync(GatewayServer gateway)
    {
        using var document = JsonDocument.Parse(await gateway.Client.GetStringAsync("/v1/models", Cancelled));
        return [.. document.RootElement.GetProperty("data").Clone().EnumerateArray()];
    }
}
