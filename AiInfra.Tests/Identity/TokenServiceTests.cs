using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using AiInfra.Gateway.Tenants;
using AiInfra.Gateway.Tokens;
using AiInfra.Tests.Gateway;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace AiInfra.Tests.Identity;

/// <summary>The token endpoint: who gets which token, and who gets none.</summary>
public sealed class TokenServiceTests : IAsyncLifetime
{
    private const string Exchange = "urn:ietf:params:oauth:grant-type:token-exchange";
    private const string AccessToken = "urn:ietf:params:oauth:token-type:access_token";

    private static readonly Caller Ann = new("local", "team-a", "ann") { MemoryScopes = "memory.read memory.write" };

    private TokenGateway _gateway = null!;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _gateway = await TokenGateway.StartAsync();

    [Fact]
    public async Task A_service_gets_a_token_of_its_own_for_one_audience()
    {
        var (status, answer) = await _gateway.AskAsync("reporter", TokenGateway.Secret, ("grant_type", "client_credentials"), ("resource", "http://memory"));
        Assert.True(status == 200, answer.ToString());
        var token = TokenGateway.Read((string)answer["access_token"]!);
        var discovery = JsonNode.Parse(await _gateway.Server.Internal.GetStringAsync("/.well-known/openid-configuration", Cancelled))!;

        Assert.Equal((200, "Bearer", true), (status, (string)answer["token_type"]!, (int)answer["expires_in"]! is > 50 and <= 60));
        Assert.Equal(("ES256", "at+jwt", "http://gateway", "reporter", "reporter"), (token.Alg, token.Typ, token.Issuer, token.Subject, token.GetClaim("client_id").Value));
        Assert.Equal(["memory"], token.Audiences);
        Assert.DoesNotContain(token.Claims, claim => claim.Type is "tenant" or "user" or "act" or "scope");
        Assert.Equal("http://gateway", (string)discovery["issuer"]!);
        Assert.Equal(_gateway.Server.Internal.BaseAddress + "connect/token", (string)discovery["token_endpoint"]!);
        Assert.Contains(Exchange, discovery["grant_types_supported"]!.AsArray().Select(grant => (string)grant!));
    }

    [Fact]
    public async Task A_service_that_may_act_gets_a_token_on_its_callers_behalf_and_is_named_in_it()
    {
        var (status, answer) = await ExchangeAsync("memory", await SubjectAsync("memory"), ("scope", "memory.read memory.admin"));
        var token = TokenGateway.Read((string)answer["access_token"]!);

        Assert.Equal((200, AccessToken), (status, (string)answer["issued_token_type"]!));
        Assert.Equal(("local", "team-a", "ann", "memory"), (token.Subject, token.GetClaim("tenant").Value, token.GetClaim("user").Value, token.GetClaim("client_id").Value));
        Assert.Equal("""{"sub":"memory"}""", token.GetClaim("act").Value);
        Assert.Equal(["gateway"], token.Audiences);
        // What the caller does not have cannot be asked for.
        Assert.Equal("memory.read", token.GetClaim("scope").Value);
        Assert.True(token.ValidTo - DateTime.UtcNow <= TimeSpan.FromSeconds(60));
    }

    [Fact]
    public async Task A_token_is_refused_to_whoever_has_no_right_to_it()
    {
        var good = await SubjectAsync("memory");
        var parts = good.Split('.');
        var fields = new[] { ("grant_type", Exchange), ("audience", "gateway"), ("subject_token", good), ("subject_token_type", AccessToken) };
        var attempts = new Dictionary<string, (string Client, string Secret, (string, string)[] Form)>
        {
            ["a wrong secret"] = ("memory", TokenGateway.Secret + "x", fields),
            ["no secret"] = ("memory", "", fields),
            ["an unknown client"] = ("stranger", TokenGateway.Secret, fields),
            ["a client that may not act"] = ("reporter", TokenGateway.Secret, fields),
            ["another service's subject token"] = ("other", TokenGateway.Secret, fields),
            ["a service that it may not call"] = ("memory", TokenGateway.Secret, [("grant_type", "client_credentials"), ("resource", "http://vllm")]),
            ["a resource that is an address elsewhere"] = ("memory", TokenGateway.Secret, [("grant_type", "client_credentials"), ("resource", "http://gateway/x")]),
            ["no audience"] = ("memory", TokenGateway.Secret, [("grant_type", "client_credentials")]),
            ["two audiences"] = ("memory", TokenGateway.Secret, [("grant_type", "client_credentials"), ("resource", "http://gateway"), ("resource", "http://memory")]),
            ["another flow"] = ("memory", TokenGateway.Secret, [("grant_type", "password"), ("username", "ann"), ("password", "x"), ("audience", "gateway")]),
            ["a subject token without its signature"] = ("memory", TokenGateway.Secret, [.. fields[..2], ("subject_token", $"{parts[0]}.{parts[1]}."), fields[3]]),
            ["a tampered subject token"] = ("memory", TokenGateway.Secret,
                [.. fields[..2], ("subject_token", $"{parts[0]}.{Base64UrlEncoder.Encode(Base64UrlEncoder.Decode(parts[1]).Replace("team-a", "team-b", StringComparison.Ordinal))}.{parts[2]}"), fields[3]]),
            ["a subject token of a stranger"] = ("memory", TokenGateway.Secret, [.. fields[..2], ("subject_token", Forged()), fields[3]]),
            ["an API key as a subject token"] = ("memory", TokenGateway.Secret, [.. fields[..2], ("subject_token", GatewayServer.Key), fields[3]]),
        };

        foreach (var (attempt, (client, secret, form)) in attempts)
        {
            var (status, answer) = await _gateway.AskAsync(client, secret, form);
            Assert.True(status is 400 or 401 && answer["access_token"] is null && answer["error"] is not null, $"{attempt}: {status} {answer}");
        }
    }

    [Fact]
    public async Task The_token_service_is_not_on_the_public_listener()
    {
        foreach (var path in new[] { "/connect/token", "/.well-known/openid-configuration", "/.well-known/jwks.json" })
        {
            using var outside = await _gateway.Server.Client.PostAsync(path, new FormUrlEncodedContent([KeyValuePair.Create("grant_type", "client_credentials")]), Cancelled);
            using var admin = await _gateway.Server.Admin.GetAsync(path, Cancelled);
            Assert.Equal((404, 404), ((int)outside.StatusCode, (int)admin.StatusCode));
        }
    }

    [Fact]
    public async Task A_service_that_calls_the_gateway_for_its_caller_is_under_the_callers_policy()
    {
        var exchanged = (string)(await ExchangeAsync("memory", await SubjectAsync("memory"))).Answer["access_token"]!;
        var ofItsOwn = (string)(await _gateway.AskAsync("memory", TokenGateway.Secret, ("grant_type", "client_credentials"), ("resource", "http://gateway"))).Answer["access_token"]!;

        Assert.Equal(200, await ChatAsync(exchanged));
        Assert.Equal(401, await ChatAsync(ofItsOwn));
        Assert.Equal(401, await ChatAsync(await SubjectAsync("memory")));
        Assert.Equal(401, await ChatAsync(await SubjectAsync("gateway", Ann with { KeyId = "revoked" })));
        Assert.Equal(401, await ChatAsync(Forged("gateway")));
        Assert.Single(_gateway.Replica.Requests);
    }

    public ValueTask DisposeAsync() => _gateway.DisposeAsync();

    private ValueTask<string> SubjectAsync(string audience, Caller? caller = null) =>
        _gateway.Server.App.Services.GetRequiredService<ServiceTokenIssuer>().TokenForAsync(caller ?? Ann, audience);

    private Task<(int Status, JsonNode Answer)> ExchangeAsync(string client, string subject, params (string, string)[] more) => _gateway.AskAsync(
        client, TokenGateway.Secret, [("grant_type", Exchange), ("audience", "gateway"), ("subject_token", subject), ("subject_token_type", AccessToken), .. more]);

    private static string Forged(string audience = "memory")
    {
        using var key = SigningKey.Import(GatewayServer.NewSigningKey());
        return new JsonWebTokenHandler().CreateToken(new SecurityTokenDescriptor
        {
            Issuer = "http://gateway",
            Audience = audience,
            TokenType = "at+jwt",
            Expires = DateTime.UtcNow.AddMinutes(1),
            SigningCredentials = SigningKey.CredentialsOf(key),
            Claims = new Dictionary<string, object>
            {
                ["sub"] = "local",
                ["tenant"] = "team-a",
                ["user"] = "ann",
                ["client_id"] = "memory",
                ["act"] = new Dictionary<string, object> { ["sub"] = "memory" },
            },
        });
    }

    private async Task<int> ChatAsync(string token)
    {
        _gateway.Server.Client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        using var response = await _gateway.Server.ChatAsync();
        return (int)response.StatusCode;
    }
}
