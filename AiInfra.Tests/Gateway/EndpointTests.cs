using System.Net.Http.Headers;
using Microsoft.AspNetCore.Http;

namespace AiInfra.Tests.Gateway;

public sealed class EndpointTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("/v1/chat/completions")]
    [InlineData("/v1/completions")]
    [InlineData("/v1/responses")]
    [InlineData("/v1/messages")]
    [InlineData("/v1/messages/count_tokens")]
    [InlineData("/v1/embeddings")]
    [InlineData("/v1/rerank")]
    [InlineData("/v1/score")]
    [InlineData("/tokenize")]
    [InlineData("/detokenize")]
    public async Task Every_listed_endpoint_reaches_the_same_path_of_a_replica(string path)
    {
        await using var replica = await ScriptedVllm.StartAsync();
        await using var gateway = await GatewayServer.StartAsync([replica]);

        using var response = await gateway.PostAsync(path + "?api-version=1", """{"model":"tiny","query":"a","documents":["b"]}""");

        Assert.Equal(200, (int)response.StatusCode);
        Assert.Equal(path, Assert.Single(replica.Requests).Path);
    }

    [Fact]
    public async Task Audio_goes_by_the_model_in_the_form()
    {
        await using var replica = await ScriptedVllm.StartAsync();
        await using var gateway = await GatewayServer.StartAsync([replica], "--Gateway:Models:0:Aliases:0=whisper");
        using var form = Form("whisper");
        using var twice = Form("whisper");
        twice.Add(new StringContent("tiny"), "model");

        using var response = await gateway.Client.PostAsync("/v1/audio/transcriptions", form, Cancelled);
        using var refused = await gateway.Client.PostAsync("/v1/audio/translations", twice, Cancelled);
        using var noForm = await gateway.PostAsync("/v1/audio/transcriptions", """{"model":"tiny"}""");

        Assert.Equal((200, 400, 400), ((int)response.StatusCode, (int)refused.StatusCode, (int)noForm.StatusCode));
        var seen = Assert.Single(replica.Requests);
        Assert.Contains("\r\n\r\ntiny\r\n", seen.Text, StringComparison.Ordinal);
        Assert.Contains("RIFFbytes", seen.Text, StringComparison.Ordinal);
        Assert.StartsWith("multipart/form-data; boundary=", seen.Headers["Content-Type"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_next_turn_of_a_response_goes_where_its_state_is_kept()
    {
        await using var first = await ScriptedVllm.StartAsync();
        await using var second = await ScriptedVllm.StartAsync();
        await using var gateway = await GatewayServer.StartAsync(
            [first, second], "--Gateway:Keys:1:Id=other", "--Gateway:Keys:1:Key=sk-other-0123456789abcdef", "--Gateway:Keys:1:Tenant=other");
        var turn = 0;
        foreach (var replica in new[] { first, second })
        {
            replica.Script = (context, _) => context.Response.WriteAsync($$"""{"id":"resp_{{Interlocked.Increment(ref turn)}}","object":"response"}""");
        }

        using var start = await gateway.PostAsync("/v1/responses", """{"model":"tiny","input":"a"}""");
        var keeper = first.Requests.IsEmpty ? second : first;
        for (var i = 0; i < 3; i++)
        {
            using var next = await gateway.PostAsync("/v1/responses", """{"model":"tiny","input":"b","previous_response_id":"resp_1"}""");
            Assert.Equal(200, (int)next.StatusCode);
        }

        using var stranger = new HttpClient { BaseAddress = gateway.Client.BaseAddress };
        stranger.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", "sk-other-0123456789abcdef");
        using var foreign = await stranger.PostAsync("/v1/responses", GatewayServer.Json("""{"model":"tiny","input":"b","previous_response_id":"resp_1"}"""), Cancelled);

        using var guessed = await gateway.PostAsync("/v1/responses", """{"model":"tiny","input":"b","previous_response_id":"resp_nobodys"}""");
        using var error = System.Text.Json.JsonDocument.Parse(await guessed.Content.ReadAsStringAsync(Cancelled));

        Assert.Equal(4, keeper.Requests.Count);
        Assert.Equal((404, 404), ((int)foreign.StatusCode, (int)guessed.StatusCode));
        Assert.Contains("resp_nobodys", error.RootElement.GetProperty("error").GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    private static MultipartFormDataContent Form(string model) => new()
    {
        { new ByteArrayContent("RIFFbytes"u8.ToArray()), "file", "a.wav" },
        { new StringContent(model), "model" },
    };
}
