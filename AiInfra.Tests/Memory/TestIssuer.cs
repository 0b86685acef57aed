using System.Security.Cryptography;
using AiInfra.ServiceDefaults.ServiceTokens;
using AiInfra.Tests.Fixtures;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace AiInfra.Tests.Memory;

/// <summary>Signs service tokens and publishes their key as the gateway's internal listener does.</summary>
internal sealed class TestIssuer : IAsyncDisposable
{
    private readonly ECDsaSecurityKey _key = new(ECDsa.Create(ECCurve.NamedCurves.nistP256)) { KeyId = "test" };
    private readonly WebApplication _app;

    private TestIssuer(WebApplication app, string address)
    {
        _app = app;
        Address = address;
    }

    public string Address { get; }

    public static async Task<TestIssuer> StartAsync(CancellationToken cancellationToken)
    {
        var address = $"http://127.0.0.1:{FreePorts.Next()}";
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls(address);
        builder.Logging.ClearProviders();
        var issuer = new TestIssuer(builder.Build(), address);
        issuer._app.MapGet("/.well-known/openid-configuration", () => TypedResults.Text(
            $$"""{"issuer":"{{ServiceTokenClaims.Issuer}}","jwks_uri":"{{address}}/.well-known/jwks.json"}""", "application/json"));
        issuer._app.MapGet("/.well-known/jwks.json", issuer.PublishKey);
        await issuer._app.StartAsync(cancellationToken);
        return issuer;
    }

    public string Token(string tenant, string user, string scope = $"{ServiceScopes.MemoryRead} {ServiceScopes.MemoryWrite}", string audience = "memory", SecurityKey? key = null,
        string client = "gateway", string? actor = null) =>
        new JsonWebTokenHandler().CreateToken(new SecurityTokenDescriptor
        {
            Issuer = ServiceTokenClaims.Issuer,
            Audience = audience,
            TokenType = "at+jwt",
            Expires = DateTime.UnixEpoch.AddSeconds(TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() + 3600),
            SigningCredentials = new SigningCredentials(key ?? _key, SecurityAlgorithms.EcdsaSha256),
            Claims = new Dictionary<string, object>
            {
                [ServiceTokenClaims.Subject] = $"key-of-{user}",
                [ServiceTokenClaims.Tenant] = tenant,
                [ServiceTokenClaims.User] = user,
                [ServiceTokenClaims.Client] = client,
                [ServiceTokenClaims.Scope] = scope,
            }.Concat(actor is null ? [] : [KeyValuePair.Create<string, object>(ServiceTokenClaims.Actor, new Dictionary<string, object> { ["sub"] = actor })]).ToDictionary(),
        });

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        _key.ECDsa.Dispose();
    }

    private Microsoft.AspNetCore.Http.HttpResults.ContentHttpResult PublishKey()
    {
        var key = JsonWebKeyConverter.ConvertFromECDsaSecurityKey(_key);
        return TypedResults.Text(
            $$"""{"keys":[{"kty":"EC","use":"sig","alg":"ES256","kid":"{{_key.KeyId}}","crv":"P-256","x":"{{key.X}}","y":"{{key.Y}}"}]}""", "application/json");
    }
}
