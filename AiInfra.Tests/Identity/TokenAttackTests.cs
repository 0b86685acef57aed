using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using AiInfra.Tests.Gateway;
using Microsoft.IdentityModel.Tokens;

namespace AiInfra.Tests.Identity;

public sealed class TokenAttackTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Only_a_whole_and_fitting_token_is_let_in()
    {
        await using var replica = await ScriptedVllm.StartAsync();
        await using var authority = await OidcAuthority.StartAsync();
        await using var gateway = await GatewayServer.StartAsync(
            [replica], $"--Jwt:Authority={authority.Address}", $"--Jwt:Audience={OidcAuthority.Audience}", "--Jwt:RequireHttps=false",
            "--Access:Roles:developers=dev", "--Access:Policies:dev:Endpoints:0=/v1/chat/completions", "--Access:Policies:dev:Models:0=tiny");

        var good = authority.Token();
        Assert.Equal(200, await StatusAsync(gateway, good));

        var parts = good.Split('.');
        using var stranger = RSA.Create(2048);
        var publicKey = authority.Key.ExportSubjectPublicKeyInfoPem();
        var attacks = new Dictionary<string, string>
        {
            ["expired"] = authority.Token(token => token.Expires = DateTime.UtcNow.AddMinutes(-2)),
            ["without end"] = authority.Token(token => token.Expires = null),
            ["not yet valid"] = authority.Token(token => token.NotBefore = DateTime.UtcNow.AddMinutes(4)),
            ["alg none"] = $"{Encode("""{"alg":"none","typ":"JWT"}""")}.{parts[1]}.",
            ["alg none with a signature"] = $"{Encode("""{"alg":"none","typ":"JWT","kid":"k1"}""")}.{parts[1]}.{parts[2]}",
            ["signed with the public key as a shared secret"] = authority.Token(token => token.SigningCredentials =
                new SigningCredentials(new SymmetricSecurityKey(Encoding.UTF8.GetBytes(publicKey)) { KeyId = "k1" }, SecurityAlgorithms.HmacSha256)),
            ["signed by a stranger under the key's id"] = authority.Token(token => token.SigningCredentials =
                new SigningCredentials(new RsaSecurityKey(stranger) { KeyId = "k1" }, SecurityAlgorithms.RsaSha256)),
            ["unknown key id"] = authority.Token(token => token.SigningCredentials =
                new SigningCredentials(new RsaSecurityKey(stranger) { KeyId = "../../k2" }, SecurityAlgorithms.RsaSha256)),
            ["names its own key set"] = authority.Token(token =>
            {
                token.SigningCredentials = new SigningCredentials(new RsaSecurityKey(stranger) { KeyId = "k9" }, SecurityAlgorithms.RsaSha256);
                token.AdditionalHeaderClaims = new Dictionary<string, object> { ["jku"] = $"{authority.Address}/foreign", ["x5u"] = $"{authority.Address}/foreign" };
            }),
            ["wrong issuer"] = authority.Token(token => token.Issuer = "http://127.0.0.1:1"),
            ["wrong audience"] = authority.Token(token => token.Audience = "memory"),
            ["tampered"] = $"{parts[0]}.{Encode(Decode(parts[1]).Replace("team-a", "team-b", StringComparison.Ordinal))}.{parts[2]}",
            ["without signature"] = $"{parts[0]}.{parts[1]}.",
            ["no tenant"] = authority.Token(token => token.Claims!.Remove("tenant")),
            ["a tenant that climbs"] = authority.Token(token => token.Claims!["tenant"] = "../team-b"),
        };
        foreach (var (attack, token) in attacks)
        {
            Assert.True(await StatusAsync(gateway, token) == 401, attack);
        }

        Assert.Equal(0, authority.ForeignKeySetsAsked);
        Assert.Equal(403, await StatusAsync(gateway, authority.Token(token => token.Claims!["roles"] = new[] { "strangers" })));
        Assert.Single(replica.Requests);
    }

    [Fact]
    public async Task Without_an_authority_no_token_is_let_in()
    {
        await using var replica = await ScriptedVllm.StartAsync();
        await using var authority = await OidcAuthority.StartAsync();
        await using var gateway = await GatewayServer.StartAsync([replica]);

        Assert.Equal(401, await StatusAsync(gateway, authority.Token()));
    }

    private static async Task<int> StatusAsync(GatewayServer gateway, string token)
    {
        gateway.Client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        using var response = await gateway.ChatAsync();
        await response.Content.ReadAsStringAsync(Cancelled);
        return (int)response.StatusCode;
    }

    private static string Encode(string json) => Base64UrlEncoder.Encode(json);

    private static string Decode(string part) => Base64UrlEncoder.Decode(part);
}
