using System.Text.Json;
using AiInfra.Gateway.Replicas;

namespace AiInfra.Tests.Gateway;

public sealed class LoadHeaderTests
{
    [Theory]
    [InlineData("TEXT named_metrics.num_requests_waiting=5.0, named_metrics.kv_cache_usage_perc=0.25", 5.0, 0.25)]
    [InlineData("TEXT named_metrics.kv_cache_usage_perc=0.25", null, 0.25)]
    [InlineData("JSON {}", null, null)]
    [InlineData("TEXT named_metrics.num_requests_waiting=NaN", null, null)]
    public void What_the_header_does_not_say_is_unknown(string value, double? waiting, double? cacheUsage) =>
        Assert.Equal((waiting, cacheUsage), LoadHeader.Read(value));

    [Fact]
    public async Task The_load_beside_an_answer_is_taken_over_and_goes_no_further()
    {
        await using var replica = await ScriptedVllm.StartAsync();
        replica.Metrics = "vllm:num_requests_running{engine=\"0\"} 1.0\nvllm:num_requests_waiting{engine=\"0\"} 0.0\n";
        replica.Script = (context, request) =>
        {
            context.Response.Headers["endpoint-load-metrics"] = "TEXT named_metrics.num_requests_waiting=7.0, named_metrics.kv_cache_usage_perc=0.5";
            return ScriptedVllm.AnswerAsVllm(context, request);
        };
        await using var gateway = await GatewayServer.StartAsync([replica], "--Replicas:ProbeInterval=00:01:00");
        var waiting = -1.0;
        for (var limit = DateTime.UtcNow.AddSeconds(60); waiting != 7 && DateTime.UtcNow < limit;)
        {
            // The first probe may still be under way.
            using var response = await gateway.ChatAsync();
            Assert.False(response.Headers.Contains("endpoint-load-metrics"));
            using var state = JsonDocument.Parse(await gateway.Admin.GetStringAsync("/admin/replicas", TestContext.Current.CancellationToken));
            waiting = state.RootElement.GetProperty("replicas")[0].TryGetProperty("waiting", out var told) && told.ValueKind == JsonValueKind.Number ? told.GetDouble() : -1;
        }

        Assert.Equal(7, waiting);
        Assert.Equal("text", replica.Requests.First().Headers["endpoint-load-metrics-format"]);
    }
}
