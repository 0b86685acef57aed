using Microsoft.AspNetCore.Http;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace AiInfra.Tests.Gateway;

public sealed class MemoryProxyTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_call_reaches_the_memory_service_with_a_service_token_in_the_place_of_the_key()
    {
        await using var memory = await StartMemoryAsync();
        await using var gateway = await GatewayServer.StartAsync(
            [], $"--services:memory:http:0={memory.Address}", $"--Tokens:SigningKey={GatewayServer.NewSigningKey()}", "--Gateway:Keys:0:Tenant=team-a", "--Gateway:Keys:0:User=ann");

        using var response = await gateway.Client.PostAsync("/v1/memories?x=%20y", GatewayServer.Json("""{"text":"a"}"""), Cancelled);
        using var mcp = await gateway.Client.PostAsync("/mcp", GatewayServer.Json("{}"), Cancelled);
        using var one = await gateway.Client.DeleteAsync("/v1/memories/abc-1", Cancelled);

        Assert.Equal(201, (int)response.StatusCode);
        Assert.Equal(["POST /v1/memories?x=%20y", "POST /mcp", "DELETE /v1/memories/abc-1"], memory.Requests.Select(request => $"{request.Method} {request.Path}"));
        var seen = memory.Requests.First();
        Assert.Equal("""{"text":"a"}""", seen.Text);
        var claims = await ValidateAsync(gateway, seen.Headers["Authorization"]["Bearer ".Length..]);
        Assert.Equal(("local", "team-a", "ann", "gateway"), (claims["sub"], claims["tenant"], claims["user"], claims["client_id"]));
        Assert.Equal("memory.read memory.write", claims["scope"]);
        Assert.DoesNotContain(memory.Requests, request => request.Headers.Values.Any(value => value.Contains(GatewayServer.Key, StringComparison.Ordinal)));
    }

    [Fact]
    public async Task While_the_memory_service_is_away_its_endpoints_say_so_and_chat_goes_on()
    {
        await using var replica = await ScriptedVllm.StartAsync();
        await using var gateway = await GatewayServer.StartAsync(
            [replica], "--services:memory:http:0=http://127.0.0.1:9", $"--Tokens:SigningKey={GatewayServer.NewSigningKey()}");

        using var memories = await gateway.Client.GetAsync("/v1/memories", Cancelled);
        using var chat = await gateway.ChatAsync();

        Assert.Equal(503, (int)memories.StatusCode);
        Assert.Equal("application/problem+json", memories.Content.Headers.ContentType!.MediaType);
        Assert.Equal(200, (int)chat.StatusCode);
    }

    [Fact]
    public async Task A_refused_service_token_is_the_platforms_trouble_not_the_callers()
    {
        await using var memory = await StartMemoryAsync(StatusCodes.Status401Unauthorized);
        await using var gateway = await GatewayServer.StartAsync(
            [], $"--services:memory:http:0={memory.Address}", $"--Tokens:SigningKey={GatewayServer.NewSigningKey()}");

        using var response = await gateway.Client.GetAsync("/v1/memories", Cancelled);

        Assert.Equal(503, (int)response.StatusCode);
    }

    private static async Task<ScriptedVllm> StartMemoryAsync(int status = StatusCodes.Status201Created)
    {
        var memory = await ScriptedVllm.StartAsync();
        memory.Script = (context, _) =>
        {
            context.Response.StatusCode = status;
            return Task.CompletedTask;
        };
        return memory;
    }

    private static async Task<IDictionary<string, object>> ValidateAsync(GatewayServer gateway, string token)
    {
        var discovery = await gateway.Internal.GetStringAsync("/.well-known/openid-configuration", Cancelled);
        Assert.Contains($"http://localhost:{gateway.InternalPort}/.well-known/jwks.json", discovery, StringComparison.Ordinal);
        var keys = new JsonWebKeySet(await gateway.Internal.GetStringAsync("/.well-known/jwks.json", Cancelled));
        Assert.All(keys.Keys, key => Assert.False(key.HasPrivateKey));
        var result = await new JsonWebTokenHandler().ValidateTokenAsync(token, new TokenValidationParameters
        {
            ValidIssuer = "http://gateway",
            ValidAudience = "memory",
            ValidAlgorithms = ["ES256"],
            ValidTypes = ["at+jwt"],
            IssuerSigningKeys = keys.GetSigningKeys(),
        });
        Assert.True(result.IsValid, result.Exception?.Message);
        Assert.True(result.SecurityToken.ValidTo - ((JsonWebToken)result.SecurityToken).IssuedAt <= TimeSpan.FromSeconds(60));
        return result.Claims;
    }
}
