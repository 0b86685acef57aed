using System.Security.Cryptography;
using AiInfra.ServiceDefaults.ServiceTokens;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace AiInfra.Bench.Memory;

/// <summary>Stands in for the gateway's internal listener: signs service tokens and publishes their key.</summary>
internal sealed class ServiceTokens : IAsyncDisposable
{
    private readonly ECDsaSecurityKey _key = new(ECDsa.Create(ECCurve.NamedCurves.nistP256)) { KeyId = "bench" };
    private readonly WebApplication _app;

    private ServiceTokens(WebApplication app) => _app = app;

    public string Address => _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();

    public static async Task<ServiceTokens> StartAsync(CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        var tokens = new ServiceTokens(builder.Build());
        tokens._app.MapGet("/.well-known/openid-configuration", () => TypedResults.Text(
            $$"""{"issuer":"{{ServiceTokenClaims.Issuer}}","jwks_uri":"{{tokens.Address}}/.well-known/jwks.json"}""", "application/json"));
        tokens._app.MapGet("/.well-known/jwks.json", () => TypedResults.Text(tokens.Keys(), "application/json"));
        await tokens._app.StartAsync(cancellationToken);
        return tokens;
    }

    /// <summary>A token for the memory service, good for a day: a benchmark outlasts the platform's sixty seconds.</summary>
    public string For(string tenant, string user) => new JsonWebTokenHandler().CreateToken(new SecurityTokenDescriptor
    {
        Issuer = ServiceTokenClaims.Issuer,
        Audience = "memory",
        TokenType = "at+jwt",
        Expires = DateTime.UnixEpoch.AddSeconds(TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() + 86_400),
        SigningCredentials = new SigningCredentials(_key, SecurityAlgorithms.EcdsaSha256),
        Claims = new Dictionary<string, object>
        {
            [ServiceTokenClaims.Subject] = "bench",
            [ServiceTokenClaims.Tenant] = tenant,
            [ServiceTokenClaims.User] = user,
            [ServiceTokenClaims.Client] = "gateway",
            [ServiceTokenClaims.Scope] = $"{ServiceScopes.MemoryRead} {ServiceScopes.MemoryWrite}",
        },
    });

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        _key.ECDsa.Dispose();
    }

    private string Keys()
    {
        var key = JsonWebKeyConverter.ConvertFromECDsaSecurityKey(_key);
        return $$"""{"keys":[{"kty":"EC","use":"sig","alg":"ES256","kid":"{{_key.KeyId}}","crv":"P-256","x":"{{key.X}}","y":"{{key.Y}}"}]}""";
    }
}
