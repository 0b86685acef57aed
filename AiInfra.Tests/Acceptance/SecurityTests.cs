using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using AiInfra.Gateway.Tokens;
using AiInfra.Tests.Fixtures;
using AiInfra.Tests.Gateway;
using AiInfra.Tests.Identity;
using AiInfra.Tests.Memory;
using Aspire.Hosting.Testing;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace AiInfra.Tests.Acceptance;

/// <summary>Acceptance case 3: service-to-service authentication; JWT-based security; access control policies.</summary>
[Collection(PlatformCollection.Name)]
public sealed class SecurityTests(PlatformFixture platform) : IAsyncLifetime
{
    // The policies of a platform that has two kinds of callers beside its own key; "default" is what that key has had before.
    private const string Policies =
        """
        {
          "version": 0,
          "policies": {
            "default": { "endpoints": ["*"], "models": ["*"], "memory": ["read", "write"] },
            "developers": { "endpoints": ["/v1/chat/completions"], "models": ["*"] },
            "readers": { "endpoints": ["/v1/memories*"], "memory": ["read"] },
            "owners": { "endpoints": ["/v1/memories*"], "memory": ["read", "write", "erase"] },
            "wardens": { "endpoints": ["/v1/memories*"], "memory": ["erase", "admin"] }
          },
          "roles": { "developers": "developers" }
        }
        """;

    private readonly HttpClient _admin = new() { BaseAddress = platform.GatewayAdmin };

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _admin.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", platform.AdminKey);
        await PutPoliciesAsync(JsonNode.Parse(Policies)!);
    }

    [Fact]
    public async Task Services_authenticate_memory_answers_a_right_token_and_neither_none_nor_one_for_another_service()
    {
        using var signing = SigningKey.Import(await platform.ParameterAsync("signing-key"));
        using var stranger = SigningKey.Import(GatewayServer.NewSigningKey());
        var right = ServiceToken(SigningKey.CredentialsOf(signing));
        var parts = right.Split('.');
        var wrong = new Dictionary<string, string?>
        {
            ["none"] = null,
            ["an API key"] = platform.ApiKey,
            ["the token service's own for another audience"] = await TokenForGatewayAsync(),
            ["for another audience"] = ServiceToken(SigningKey.CredentialsOf(signing), token => token.Audience = "chroma"),
            ["of another issuer"] = ServiceToken(SigningKey.CredentialsOf(signing), token => token.Issuer = "http://elsewhere"),
            ["expired"] = ServiceToken(SigningKey.CredentialsOf(signing), token => token.Expires = DateTime.UtcNow.AddMinutes(-1)),
            ["of another type"] = ServiceToken(SigningKey.CredentialsOf(signing), token => token.TokenType = "JWT"),
            ["by another key"] = ServiceToken(SigningKey.CredentialsOf(stranger)),
            ["by another key under this one's id"] = ServiceToken(new SigningCredentials(
                new ECDsaSecurityKey(stranger) { KeyId = SigningKey.CredentialsOf(signing).Key.KeyId }, SecurityAlgorithms.EcdsaSha256)),
            ["alg none"] = $"{Base64UrlEncoder.Encode("""{"alg":"none","typ":"at+jwt"}""")}.{parts[1]}.",
            ["tampered"] = $"{parts[0]}.{Base64UrlEncoder.Encode(Base64UrlEncoder.Decode(parts[1]).Replace("\"default\"", "\"other\"", StringComparison.Ordinal))}.{parts[2]}",
            ["of a service that may not act"] = ServiceToken(SigningKey.CredentialsOf(signing), token => token.Claims!["client_id"] = "memory"),
        };

        Assert.Equal(200, await MemoryAsync(right));
        foreach (var (what, token) in wrong)
        {
            Assert.True(await MemoryAsync(token) == 401, what);
        }

        Assert.Equal(403, await MemoryAsync(ServiceToken(SigningKey.CredentialsOf(signing), token => token.Claims!["scope"] = "memory.write")));
    }

    [Fact]
    public async Task Services_authenticate_the_gateway_reaches_memory_and_the_models_and_nobody_else_does()
    {
        using var client = platform.CreateClient();
        using var through = await client.GetAsync("/v1/memories", Cancelled);
        using var models = await client.GetAsync("/v1/models", Cancelled);
        using var direct = new HttpClient { BaseAddress = platform.App.GetEndpoint("vllm0", "http") };
        using var refused = await direct.GetAsync("/v1/models", Cancelled);
        direct.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", platform.ApiKey);
        using var withACallersKey = await direct.GetAsync("/v1/models", Cancelled);

        Assert.Equal([200, 200, 401, 401], new[] { through, models, refused, withACallersKey }.Select(response => (int)response.StatusCode));
    }

    [Fact]
    public async Task Tokens_a_good_JWT_is_let_in_and_every_forged_one_is_refused()
    {
        Assert.Equal(200, await ChatAsync(platform.Authority.Token()));
        foreach (var (attack, token) in TokenAttacks.On(platform.Authority))
        {
            Assert.True(await ChatAsync(token) == 401, attack);
        }

        Assert.Equal(0, platform.Authority.ForeignKeySetsAsked);
    }

    [Fact]
    public async Task Policies_allow_what_they_grant_deny_the_rest_and_explain_both()
    {
        var (id, secret) = await CreateKeyAsync("ada", "readers");
        await WaitUntil.TrueAsync(async () => await StatusAsync(HttpMethod.Get, "/v1/memories", secret) == 200, Cancelled);

        Assert.Equal(403, await StatusAsync(HttpMethod.Post, "/v1/memories", secret));
        Assert.Equal(403, await ChatAsync(secret));
        Assert.Equal(403, await ChatAsync(platform.Authority.Token(token => token.Claims!["roles"] = new[] { "strangers" })));
        Assert.Equal(403, await StatusAsync(HttpMethod.Get, "/v1/memories", platform.Authority.Token()));
        var decisions = new[]
        {
            await ExplainAsync(id, "GET /v1/memories"), await ExplainAsync(id, "POST /v1/memories"), await ExplainAsync(id, "POST /v1/chat/completions"),
        };
        Assert.Equal(
            [(true, "Access:Policies:readers:Memory"), (false, "Access:Policies:readers:Memory"), (false, "Access:Policies:readers:Endpoints")], decisions);

        using var revoked = await _admin.DeleteAsync($"/admin/keys/{id}", Cancelled);
        await WaitUntil.TrueAsync(async () => await StatusAsync(HttpMethod.Get, "/v1/memories", secret) == 401, Cancelled);
        var audit = await _admin.GetStringAsync("/admin/audit", Cancelled);
        Assert.Contains("revoke key", audit, StringComparison.Ordinal);
        Assert.Contains("Access:Policies:readers:Endpoints", audit, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Policies_who_may_erase_erases_its_own_memories_and_another_users_only_as_an_administrator()
    {
        const string Erase = "/v1/memories/erase";
        var (_, eve) = await CreateKeyAsync("eve", "owners");
        var (_, fay) = await CreateKeyAsync("fay", "owners");
        var (_, reader) = await CreateKeyAsync("eve", "readers");
        var (_, warden) = await CreateKeyAsync("gus", "wardens");
        foreach (var writer in new[] { eve, fay })
        {
            await WaitUntil.TrueAsync(async () => await StatusAsync(HttpMethod.Post, "/v1/memories", writer) == 201, Cancelled);
        }

        Assert.Equal(403, await StatusAsync(HttpMethod.Post, Erase, reader, "{}"));
        Assert.Equal(403, await StatusAsync(HttpMethod.Post, Erase, eve, """{"user":"fay"}"""));
        Assert.Equal(200, await StatusAsync(HttpMethod.Post, Erase, eve, "{}"));
        Assert.Equal((0, 1), (await MemoriesOfAsync(eve), await MemoriesOfAsync(fay)));
        Assert.Equal(200, await StatusAsync(HttpMethod.Post, Erase, warden, """{"user":"fay"}"""));
        Assert.Equal(0, await MemoriesOfAsync(fay));
    }

    public async ValueTask DisposeAsync()
    {
        await PutPoliciesAsync(new JsonObject());
        _admin.Dispose();
    }

    private static string ServiceToken(SigningCredentials credentials, Action<SecurityTokenDescriptor>? change = null)
    {
        var descriptor = new SecurityTokenDescriptor
        {
            Issuer = "http://gateway",
            Audience = "memory",
            TokenType = "at+jwt",
            Expires = DateTime.UtcNow.AddMinutes(1),
            SigningCredentials = credentials,
            Claims = new Dictionary<string, object>
            {
                ["sub"] = "local",
                ["tenant"] = "default",
                ["user"] = "local",
                ["client_id"] = "gateway",
                ["scope"] = "memory.read",
            },
        };
        change?.Invoke(descriptor);
        return new JsonWebTokenHandler { SetDefaultTimesOnTokenCreation = false }.CreateToken(descriptor);
    }

    private async Task<string> TokenForGatewayAsync()
    {
        using var client = new HttpClient { BaseAddress = platform.GatewayInternal };
        var identity = $"memory:{await platform.ParameterAsync("memory-secret")}";
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(identity)));
        using var response = await client.PostAsync("/connect/token", new FormUrlEncodedContent(new Dictionary<string, string>
        {
            ["grant_type"] = "client_credentials",
            ["resource"] = "http://gateway",
        }), Cancelled);
        return (string)(await response.Content.ReadFromJsonAsync<JsonObject>(Cancelled))!["access_token"]!;
    }

    private async Task<int> MemoryAsync(string? token)
    {
        using var client = new HttpClient { BaseAddress = platform.Memory };
        client.DefaultRequestHeaders.Authorization = token is null ? null : new AuthenticationHeaderValue("Bearer", token);
        using var response = await client.GetAsync("/v1/memories", Cancelled);
        return (int)response.StatusCode;
    }

    private async Task<(string Id, string Secret)> CreateKeyAsync(string user, string policy)
    {
        using var created = await _admin.PostAsJsonAsync("/admin/keys", new { tenant = "acceptance", user, policy }, Cancelled);
        var key = await created.Content.ReadFromJsonAsync<JsonObject>(Cancelled);
        return ((string)key!["details"]!["id"]!, (string)key["key"]!);
    }

    private async Task<int> MemoriesOfAsync(string credential)
    {
        using var client = new HttpClient { BaseAddress = platform.Gateway };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", credential);
        return (await client.GetFromJsonAsync<JsonObject>("/v1/memories", Cancelled))!["memories"]!.AsArray().Count;
    }

    private Task<int> ChatAsync(string credential) => StatusAsync(
        HttpMethod.Post, "/v1/chat/completions", credential,
        $$"""{"model":"{{platform.Model}}","max_tokens":1,"messages":[{"role":"user","content":"Hi"}]}""");

    private async Task<int> StatusAsync(HttpMethod method, string path, string credential, string body = """{"text":"a"}""")
    {
        using var client = new HttpClient { BaseAddress = platform.Gateway };
        using var request = new HttpRequestMessage(method, path);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", credential);
        request.Content = method == HttpMethod.Post ? GatewayServer.Json(body) : null;
        using var response = await client.SendAsync(request, Cancelled);
        return (int)response.StatusCode;
    }

    private async Task<(bool Allowed, string Rule)> ExplainAsync(string caller, string action)
    {
        var answer = await _admin.GetFromJsonAsync<JsonObject>($"/admin/policies/explain?caller={caller}&action={Uri.EscapeDataString(action)}", Cancelled);
        return ((bool)answer!["allowed"]!, (string)answer["rule"]!);
    }

    private async Task PutPoliciesAsync(JsonNode document)
    {
        var present = await _admin.GetFromJsonAsync<JsonObject>("/admin/policies", Cancelled);
        document["version"] = (int)present!["version"]!;
        using var response = await _admin.PutAsJsonAsync("/admin/policies", document, Cancelled);
        Assert.Equal(200, (int)response.StatusCode);
    }
}
