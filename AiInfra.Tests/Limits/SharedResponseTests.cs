using System.Net.Http.Headers;
using AiInfra.Tests.Gateway;
using Microsoft.AspNetCore.Http;

namespace AiInfra.Tests.Limits;

/// <summary>A conversation that one gateway began goes on through another.</summary>
[Collection(RedisGroup.Name)]
public sealed class SharedResponseTests(RedisServer redis)
{
    private const string StrangersKey = "sk-other-0123456789abcdef";

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_next_turn_reaches_the_keeper_by_any_gateway_and_for_its_tenant_only()
    {
        await using var first = await ScriptedVllm.StartAsync();
        await using var second = await ScriptedVllm.StartAsync();
        var id = $"resp_{Guid.NewGuid():n}";
        first.Script = second.Script = (context, _) => context.Response.WriteAsync($$"""{"id":"{{id}}","object":"response"}""", Cancelled);
        await using var one = await StartAsync(first, second);
        await using var two = await StartAsync(first, second);

        using var start = await one.PostAsync("/v1/responses", """{"model":"tiny","input":"a"}""");
        await start.Content.ReadAsStringAsync(Cancelled);
        var keeper = first.Requests.IsEmpty ? second : first;
        var next = $$"""{"model":"tiny","input":"b","previous_response_id":"{{id}}"}""";
        for (var turn = 0; turn < 3; turn++)
        {
            using var through = await two.PostAsync("/v1/responses", next);
            Assert.Equal(200, (int)through.StatusCode);
        }

        using var stranger = new HttpClient { BaseAddress = two.Client.BaseAddress };
        stranger.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", StrangersKey);
        using var foreign = await stranger.PostAsync("/v1/responses", GatewayServer.Json(next), Cancelled);
        using var guessed = await two.PostAsync("/v1/responses", """{"model":"tiny","input":"b","previous_response_id":"resp_}:meter:tenant"}""");

        Assert.Equal((404, 404), ((int)foreign.StatusCode, (int)guessed.StatusCode));
        Assert.Equal(4, keeper.Requests.Count);
    }

    private Task<GatewayServer> StartAsync(params ScriptedVllm[] replicas) => GatewayServer.StartAsync(
        replicas,
        $"--ConnectionStrings:redis={redis.ConnectionString}", "--Gateway:Keys:0:Tenant=team-s", "--Gateway:Keys:1:Id=other", $"--Gateway:Keys:1:Key={StrangersKey}", "--Gateway:Keys:1:Tenant=team-t");
}
