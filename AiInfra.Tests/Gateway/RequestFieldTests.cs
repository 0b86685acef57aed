using System.Text.Json;

namespace AiInfra.Tests.Gateway;

public sealed class RequestFieldTests
{
    private const string Messages = "\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]";

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("""{"priority":-9,"model":"tiny"}""", """{"model":"tiny"}""")]
    [InlineData("""{"model":"tiny","priority":-9}""", """{"model":"tiny"}""")]
    [InlineData("""{ "priority" : 1 , "vllm_xargs":{"a":[1]} , "model":"tiny" }""", """{ "model":"tiny" }""")]
    [InlineData("""{"model":"tiny", "kv_transfer_params":{"x":"}"}, "n":1, "request_id":"mine"}""", """{"model":"tiny", "n":1}""")]
    [InlineData("""{"model":"tiny","mm_processor_kwargs":{"max_pixels":9},"a":1,"media_io_kwargs":{}}""", """{"model":"tiny","a":1}""")]
    [InlineData("""{"model":"tiny","pri\u006frity":5,"a":1,"mm_payload":null,"b":2}""", """{"model":"tiny","a":1,"b":2}""")]
    [InlineData("""{"priority":1}""", """{}""")]
    public async Task Engine_internal_fields_are_removed_unless_the_key_is_granted_them(string sent, string arrived)
    {
        await using var replica = await ScriptedVllm.StartAsync();
        await using var plain = await GatewayServer.StartAsync([replica], "--Gateway:ShareCacheBetweenTenants=true");
        await using var granted = await GatewayServer.StartAsync([replica], "--Gateway:ShareCacheBetweenTenants=true", "--Gateway:Keys:0:AllowEngineFields=true");

        using var first = await plain.PostAsync("/v1/chat/completions", sent);
        using var second = await granted.PostAsync("/v1/chat/completions", sent);

        Assert.Equal([arrived, sent], replica.Requests.Select(request => request.Text));
    }

    [Fact]
    public async Task Each_tenant_has_a_cache_of_its_own_and_a_callers_salt_counts_within_it()
    {
        await using var replica = await ScriptedVllm.StartAsync();
        await using var gateway = await GatewayServer.StartAsync(
            [replica], "--Gateway:Keys:1:Id=other", "--Gateway:Keys:1:Key=sk-other-0123456789abcdef", "--Gateway:Keys:1:Tenant=other");
        using var other = new HttpClient { BaseAddress = gateway.Client.BaseAddress };
        other.DefaultRequestHeaders.Add("x-api-key", "sk-other-0123456789abcdef");
        const string Salted = "{\"model\":\"tiny\"," + Messages + ",\"cache_salt\":\"own\"}";

        using var a = await gateway.ChatAsync();
        using var b = await gateway.ChatAsync();
        using var c = await gateway.PostAsync("/v1/chat/completions", Salted);
        using var d = await other.PostAsync("/v1/chat/completions", GatewayServer.Json(Salted), Cancelled);
        using var e = await gateway.PostAsync("/v1/embeddings", """{"model":"tiny","input":"x"}""");

        var salts = replica.Requests.Take(4).Select(request => JsonDocument.Parse(request.Body).RootElement.GetProperty("cache_salt").GetString()).ToList();
        Assert.Equal(salts[0], salts[1]);
        Assert.Equal(3, salts.Distinct().Count());
        Assert.Equal("""{"model":"tiny","input":"x"}""", replica.Requests.Last().Text);
    }

    [Theory]
    [InlineData("model", "\"tiny\"")]
    [InlineData("messages", "[]")]
    [InlineData("stream", "true")]
    [InlineData("cache_salt", "\"x\"")]
    [InlineData("priority", "1")]
    [InlineData("max_tokens", "1")]
    [InlineData("vllm_xargs", "{}")]
    public async Task A_field_that_is_looked_at_may_occur_once(string name, string value)
    {
        await using var replica = await ScriptedVllm.StartAsync();
        await using var gateway = await GatewayServer.StartAsync([replica]);

        using var response = await gateway.PostAsync("/v1/chat/completions", $$"""{"{{name}}":{{value}},"other":1,"{{name}}":{{value}}}""");

        Assert.Equal(400, (int)response.StatusCode);
        Assert.Contains("occurs twice", await response.Content.ReadAsStringAsync(Cancelled), StringComparison.Ordinal);
        Assert.Empty(replica.Requests);
    }

    [Theory]
    [InlineData("/v1/chat/completions", """{"model":"tiny","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"http://169.254.169.254/"}}]}]}""", false)]
    [InlineData("/v1/chat/completions", """{"model":"tiny","messages":[{"role":"user","content":[{"type":"image_url","image_url":"file:///etc/passwd"}]}]}""", false)]
    [InlineData("/v1/chat/completions", """{"model":"tiny","messages":[{"role":"user","content":[{"type":"video_url","video_\u0075rl":{"\u0075rl":"https://example.org/a"}}]}]}""", false)]
    [InlineData("/v1/chat/completions", """{"model":"tiny","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,AA=="}}]}]}""", true)]
    [InlineData("/v1/chat/completions", """{"model":"tiny","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"https://images.example/a.png"}}]}]}""", true)]
    [InlineData("/v1/chat/completions", """{"model":"tiny","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"https://images.example@evil.example/a.png"}}]}]}""", false)]
    [InlineData("/v1/chat/completions", """{"model":"tiny","messages":[{"role":"user","content":"see http://example.org","url":"http://example.org"}]}""", true)]
    [InlineData("/v1/chat/completions", """{"model":"tiny","tools":[{"type":"function","function":{"name":"f","parameters":{"properties":{"image_url":{"type":"string"}}}}}],"messages":[]}""", true)]
    [InlineData("/v1/responses", """{"model":"tiny","input":[{"role":"user","content":[{"type":"input_image","image_url":"http://10.0.0.1/x"}]}]}""", false)]
    [InlineData("/v1/messages", """{"model":"tiny","messages":[{"role":"user","content":[{"type":"image","source":{"type":"url","url":"http://10.0.0.1/x"}}]}]}""", false)]
    [InlineData("/v1/rerank", """{"model":"tiny","query":"cats","documents":{"content":[{"type":"image_url","image_url":{"url":"http://10.0.0.1/x"}}]}}""", false)]
    [InlineData("/v1/rerank", """{"model":"tiny","query":{"content":[{"type":"image_url","image_url":{"url":"http://10.0.0.1/x"}}]},"documents":["a"]}""", false)]
    [InlineData("/v1/score", """{"model":"tiny","data_1":"cats","d\u0061ta_2":[{"content":[{"type":"image_url","image_url":{"url":"http://10.0.0.1/x"}}]}]}""", false)]
    [InlineData("/v1/score", """{"model":"tiny","text_1":"cats","text_2":["see http://10.0.0.1/x"]}""", true)]
    public async Task Media_come_by_value_or_from_a_listed_host(string path, string body, bool passes)
    {
        await using var replica = await ScriptedVllm.StartAsync();
        await using var gateway = await GatewayServer.StartAsync([replica], "--Gateway:MediaHosts:0=images.example");

        using var response = await gateway.PostAsync(path, body);

        Assert.Equal(passes ? 200 : 400, (int)response.StatusCode);
        Assert.Equal(passes ? 1 : 0, replica.Requests.Count);
    }
}
