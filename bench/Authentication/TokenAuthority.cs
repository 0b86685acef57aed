using System.Security.Cryptography;
using AiInfra.Bench.Limits;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace AiInfra.Bench.Authentication;

/// <summary>An OIDC authority on loopback with one key.</summary>
internal sealed class TokenAuthority : IDisposable
{
    private static readonly string[] Roles = ["bench"];

    private readonly RSA _key = RSA.Create(2048);
    private readonly WebApplication _app;
    private readonly string _address;

    private TokenAuthority(WebApplication app, string address) => (_app, _address) = (app, address);

    /// <summary>What makes a gateway take its tokens.</summary>
    public string[] Settings =>
    [
        $"--Jwt:Authority={_address}", "--Jwt:Audience=bench", "--Jwt:RequireHttps=false", "--Jwt:Tenant=bench", "--Access:Roles:bench=default",
        "--Access:Policies:default:Endpoints:0=*", "--Access:Policies:default:Models:0=*",
    ];

    public static async Task<TokenAuthority> StartAsync(CancellationToken cancellationToken)
    {
        var address = $"http://127.0.0.1:{Server.FreePort()}";
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseSetting("urls", address);
        var authority = new TokenAuthority(builder.Build(), address);
        authority._app.MapGet("/.well-known/openid-configuration", () => Results.Text($$"""{"issuer":"{{address}}","jwks_uri":"{{address}}/keys"}""", "application/json"));
        authority._app.MapGet("/keys", () =>
        {
            var key = JsonWebKeyConverter.ConvertFromRSASecurityKey(new RsaSecurityKey(authority._key.ExportParameters(false)));
            return Results.Text($$"""{"keys":[{"kty":"RSA","use":"sig","kid":"k1","n":"{{key.N}}","e":"{{key.E}}"}]}""", "application/json");
        });
        await authority._app.StartAsync(cancellationToken);
        return authority;
    }

    public string Token() => new JsonWebTokenHandler().CreateToken(new SecurityTokenDescriptor
    {
        Issuer = _address,
        Audience = "bench",
        SigningCredentials = new SigningCredentials(new RsaSecurityKey(_key) { KeyId = "k1" }, SecurityAlgorithms.RsaSha256),
        Claims = new Dictionary<string, object> { ["sub"] = "bench", ["roles"] = Roles },
    });

    public void Dispose()
    {
        _app.StopAsync().GetAwaiter().GetResult();
        _key.Dispose();
    }
}
