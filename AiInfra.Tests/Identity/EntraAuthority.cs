using System.Collections.Concurrent;
using System.Security.Cryptography;
using AiInfra.Tests.Fixtures;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace AiInfra.Tests.Identity;

/// <summary>An authority on loopback that speaks as Entra ID does, version 2.0, and is reached under Entra's own address through <see cref="Route"/>.</summary>
internal sealed class EntraAuthority : IAsyncDisposable
{
    public const string Instance = "https://login.microsoftonline.com/";
    public const string TenantId = "11111111-2222-3333-4444-555555555555";
    public const string Audience = "66666666-7777-8888-9999-000000000000";

    private const string Authority = Instance + TenantId;

    private readonly WebApplication _app;
    private readonly Uri _address;
    private readonly RSA _key = RSA.Create(2048);

    private EntraAuthority(WebApplication app, Uri address) => (_app, _address) = (app, address);

    /// <summary>What was asked for at the token endpoint.</summary>
    public ConcurrentQueue<Dictionary<string, string>> Asked { get; } = new();

    public static async Task<EntraAuthority> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        var address = new Uri($"http://127.0.0.1:{FreePorts.Next()}");
        builder.WebHost.UseUrls(address.ToString());
        var app = builder.Build();
        var authority = new EntraAuthority(app, address);
        app.MapGet("/common/discovery/instance", () => TypedResults.Json(new { tenant_discovery_endpoint = $"{Authority}/v2.0/.well-known/openid-configuration" }));
        app.MapGet("/{tenant}/v2.0/.well-known/openid-configuration", () => TypedResults.Json(new
        {
            issuer = $"{Authority}/v2.0",
            jwks_uri = $"{Authority}/discovery/v2.0/keys",
            token_endpoint = $"{Authority}/oauth2/v2.0/token",
            authorization_endpoint = $"{Authority}/oauth2/v2.0/authorize",
        }));
        app.MapGet("/{tenant}/discovery/v2.0/keys", () => Results.Text(authority.KeySet(), "application/json"));
        app.MapPost("/{tenant}/oauth2/v2.0/token", authority.GiveAsync);
        await app.StartAsync(TestContext.Current.CancellationToken);
        return authority;
    }

    /// <summary>Takes every call to the authority, whatever address it was sent to.</summary>
    public HttpMessageHandler Route() => new Detour(_address);

    /// <summary>A token of an Entra user or application.</summary>
    public string Token(Action<SecurityTokenDescriptor>? change = null)
    {
        var descriptor = new SecurityTokenDescriptor
        {
            Issuer = $"{Authority}/v2.0",
            Audience = Audience,
            Expires = DateTime.UtcNow.AddMinutes(30),
            SigningCredentials = new SigningCredentials(new RsaSecurityKey(_key) { KeyId = "entra-1" }, SecurityAlgorithms.RsaSha256),
            Claims = new Dictionary<string, object>
            {
                ["ver"] = "2.0",
                ["tid"] = TenantId,
                ["oid"] = "ada-object-id",
                ["sub"] = "pairwise-subject",
                ["azp"] = "some-client",
                ["preferred_username"] = "ada@example.org",
                ["roles"] = new[] { "developers" },
            },
        };
        change?.Invoke(descriptor);
        return new JsonWebTokenHandler().CreateToken(descriptor);
    }

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        _key.Dispose();
    }

    private async Task<IResult> GiveAsync(HttpRequest request)
    {
        var form = await request.ReadFormAsync(TestContext.Current.CancellationToken);
        Asked.Enqueue(form.ToDictionary(field => field.Key, field => field.Value.ToString()));
        return Results.Text($$"""{"token_type":"Bearer","expires_in":3599,"access_token":"{{Token(token => token.Audience = "api://gateway")}}"}""", "application/json");
    }

    private string KeySet()
    {
        var key = JsonWebKeyConverter.ConvertFromRSASecurityKey(new RsaSecurityKey(_key.ExportParameters(false)));
        return $$"""{"keys":[{"kty":"RSA","use":"sig","kid":"entra-1","n":"{{key.N}}","e":"{{key.E}}","issuer":"{{Authority}}/v2.0"}]}""";
    }

    private sealed class Detour(Uri address) : DelegatingHandler(new SocketsHttpHandler())
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            request.RequestUri = new Uri(address, request.RequestUri!.PathAndQuery);
            return base.SendAsync(request, cancellationToken);
        }
    }
}
