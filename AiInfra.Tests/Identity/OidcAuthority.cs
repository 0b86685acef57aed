using System.Security.Cryptography;
using AiInfra.Tests.Fixtures;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace AiInfra.Tests.Identity;

/// <summary>An OIDC authority with one RSA key: discovery document, key set, and tokens as a test wants them.</summary>
internal sealed class OidcAuthority : IAsyncDisposable
{
    public const string Audience = "aiinfra";

    private readonly WebApplication _app;

    private OidcAuthority(WebApplication app, string address) => (_app, Address) = (app, address);

    public string Address { get; }

    public RSA Key { get; } = RSA.Create(2048);

    /// <summary>How often somebody asked for a key set other than this authority's own.</summary>
    public int ForeignKeySetsAsked { get; private set; }

    public static async Task<OidcAuthority> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        var address = $"http://127.0.0.1:{FreePorts.Next()}";
        builder.WebHost.UseUrls(address);
        var app = builder.Build();
        var authority = new OidcAuthority(app, address);
        app.MapGet("/.well-known/openid-configuration", () => TypedResults.Json(new { issuer = address, jwks_uri = $"{address}/keys" }));
        app.MapGet("/keys", () => Results.Text(authority.KeySet(), "application/json"));
        app.MapGet("/foreign", () =>
        {
            authority.ForeignKeySetsAsked++;
            return Results.NotFound();
        });
        await app.StartAsync(TestContext.Current.CancellationToken);
        return authority;
    }

    public SigningCredentials Credentials() => new(new RsaSecurityKey(Key) { KeyId = "k1" }, SecurityAlgorithms.RsaSha256);

    public string Token(Action<SecurityTokenDescriptor>? change = null)
    {
        var descriptor = new SecurityTokenDescriptor
        {
            Issuer = Address,
            Audience = Audience,
            Expires = DateTime.UtcNow.AddMinutes(5),
            SigningCredentials = Credentials(),
            Claims = new Dictionary<string, object> { ["sub"] = "ada", ["tenant"] = "team-a", ["roles"] = new[] { "unmapped", "developers" } },
        };
        change?.Invoke(descriptor);
        return new JsonWebTokenHandler { SetDefaultTimesOnTokenCreation = false }.CreateToken(descriptor);
    }

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        Key.Dispose();
    }

    private string KeySet()
    {
        var key = JsonWebKeyConverter.ConvertFromRSASecurityKey(new RsaSecurityKey(Key.ExportParameters(false)) { KeyId = "k1" });
        return $$"""{"keys":[{"kty":"RSA","use":"sig","kid":"k1","n":"{{key.N}}","e":"{{key.E}}"}]}""";
    }
}
