using System.Net.Http.Headers;
using System.Text.Json;

namespace AiInfra.Tests.Gateway;

public sealed class PublicApiTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("/")]
    [InlineData("/health")]
    [InlineData("/metrics")]
    [InlineData("/load")]
    [InlineData("/version")]
    [InlineData("/invocations")]
    [InlineData("/v1/models/")]
    [InlineData("/V1/models")]
    [InlineData("//v1/models")]
    [InlineData("/%76%31/models")]
    [InlineData("/v1%2fmodels")]
    [InlineData("/v1/chat/completions/")]
    [InlineData("/v1/memories/../chat/completions")]
    [InlineData("/v1/memories/%2e%2e/x")]
    [InlineData("/v1/load_lora_adapter")]
    [InlineData("/collective_rpc")]
    [InlineData("/.well-known/jwks.json")]
    [InlineData("/admin/replicas")]
    public async Task What_is_not_listed_is_not_found(string path)
    {
        await using var replica = await ScriptedVllm.StartAsync();
        await using var gateway = await GatewayServer.StartAsync([replica]);

        var answer = await RawHttp.SendAsync(gateway.PublicPort, $"GET {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {GatewayServer.Key}\r\nConnection: close\r\n\r\n");

        Assert.StartsWith("HTTP/1.1 404", answer, StringComparison.Ordinal);
        Assert.Contains("\"error\":{\"message\":", answer, StringComparison.Ordinal);
        Assert.Empty(replica.Requests);
    }

    [Fact]
    public async Task Without_a_valid_key_nothing_is_answered_and_the_refusal_is_in_the_endpoints_dialect()
    {
        await using var replica = await ScriptedVllm.StartAsync();
        await using var gateway = await GatewayServer.StartAsync([replica]);
        using var stranger = new HttpClient { BaseAddress = gateway.Client.BaseAddress };

        using var none = await stranger.GetAsync("/v1/models", Cancelled);
        using var memory = await stranger.GetAsync("/v1/memories", Cancelled);
        stranger.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", GatewayServer.Key + "x");
        using var wrong = await stranger.PostAsync("/v1/chat/completions", GatewayServer.Json("not even json"), Cancelled);

        Assert.Equal(401, (int)none.StatusCode);
        Assert.Equal("invalid_api_key", ErrorOf(await none.Content.ReadAsStringAsync(Cancelled)).GetProperty("code").GetString());
        Assert.Equal(401, (int)memory.StatusCode);
        Assert.Equal("application/problem+json", memory.Content.Headers.ContentType!.MediaType);
        Assert.Equal(401, (int)wrong.StatusCode);
        Assert.Empty(replica.Requests);
    }

    [Theory]
    [InlineData("Authorization", "Bearer " + GatewayServer.Key)]
    [InlineData("Authorization", "bearer " + GatewayServer.Key)]
    [InlineData("x-api-key", GatewayServer.Key)]
    [InlineData("api-key", GatewayServer.Key)]
    public async Task The_key_is_found_where_each_vendors_client_puts_it(string header, string value)
    {
        await using var gateway = await GatewayServer.StartAsync([]);
        using var client = new HttpClient { BaseAddress = gateway.Client.BaseAddress };
        client.DefaultRequestHeaders.TryAddWithoutValidation(header, value);

        using var response = await client.GetAsync("/v1/models", Cancelled);

        Assert.Equal(200, (int)response.StatusCode);
    }

    [Fact]
    public async Task A_wrong_method_is_told_and_health_is_inside_only()
    {
        await using var gateway = await GatewayServer.StartAsync([]);

        using var response = await gateway.Client.GetAsync("/v1/chat/completions", Cancelled);
        using var health = await gateway.Internal.GetAsync("/health", Cancelled);
        using var api = await gateway.Internal.GetAsync("/v1/models", Cancelled);

        Assert.Equal(405, (int)response.StatusCode);
        Assert.Equal(["POST"], response.Content.Headers.Allow);
        Assert.Equal(200, (int)health.StatusCode);
        Assert.Equal(404, (int)api.StatusCode);
    }

    [Fact]
    public async Task The_request_id_is_the_gateways_own()
    {
        await using var replica = await ScriptedVllm.StartAsync();
        await using var gateway = await GatewayServer.StartAsync([replica]);
        gateway.Client.DefaultRequestHeaders.Add("X-Request-Id", "mine");

        using var response = await gateway.ChatAsync();

        var id = Assert.Single(response.Headers.GetValues("x-request-id"));
        Assert.StartsWith("req-", id, StringComparison.Ordinal);
        Assert.Equal(id, Assert.Single(replica.Requests).Headers["X-Request-Id"]);
    }

    private static JsonElement ErrorOf(string body)
    {
        using var document = JsonDocument.Parse(body);
        return document.RootElement.GetProperty("error").Clone();
    }
}
