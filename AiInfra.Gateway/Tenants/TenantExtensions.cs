using AiInfra.ServiceDefaults.ServiceTokens;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.Extensions.Options;
using Microsoft.Identity.Web;
using Microsoft.IdentityModel.Tokens;
using OpenIddict.Server;

namespace AiInfra.Gateway.Tenants;

internal static class TenantExtensions
{
    // Signatures by a key pair only: with a shared secret whoever can check a token can make one.
    private static readonly string[] Algorithms =
    [
        SecurityAlgorithms.RsaSha256, SecurityAlgorithms.RsaSha384, SecurityAlgorithms.RsaSha512, SecurityAlgorithms.RsaSsaPssSha256,
        SecurityAlgorithms.RsaSsaPssSha384, SecurityAlgorithms.RsaSsaPssSha512, SecurityAlgorithms.EcdsaSha256, SecurityAlgorithms.EcdsaSha384,
        SecurityAlgorithms.EcdsaSha512,
    ];

    public static void AddTenants(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<IValidateOptions<KeyOptions>, KeyOptionsValidator>();
        builder.Services.AddOptionsWithValidateOnStart<KeyOptions>().BindConfiguration(KeyOptions.Section);
        builder.Services.AddSingleton<KeyHasher>();
        builder.Services.AddSingleton<CacheSalts>();
        builder.Services.AddSingleton<ApiKeys>();
        builder.Services.AddSingleton<KeyIssuer>();
        builder.Services.AddSingleton<IdentityStore>();
        builder.Services.AddSingleton<IdentityWorker>();
        builder.Services.AddHostedService(services => services.GetRequiredService<IdentityWorker>());
        builder.Services.AddSingleton<Callers>();
        AddTokens(builder);
    }

    private static void AddTokens(WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<IValidateOptions<TokenCallerOptions>, TokenCallerOptionsValidator>();
        builder.Services.AddOptionsWithValidateOnStart<TokenCallerOptions>().BindConfiguration(TokenCallerOptions.Section);
        builder.Services.AddSingleton<TokenCallers>();

        var authentication = builder.Services.AddAuthentication();
        var options = builder.Configuration.GetSection(TokenCallerOptions.Section).Get<TokenCallerOptions>() ?? new TokenCallerOptions();
        if (options.Authority is not null)
        {
            authentication.AddJwtBearer(TokenCallers.OidcScheme, bearer =>
            {
                bearer.Authority = options.Authority.ToString();
                bearer.RequireHttpsMetadata = options.RequireHttps;
                bearer.MapInboundClaims = false;
                bearer.TokenValidationParameters = new TokenValidationParameters
                {
                    ValidAudience = options.Audience,
                    ValidAlgorithms = Algorithms,
                    ClockSkew = TimeSpan.FromSeconds(30),
                    RequireExpirationTime = true,
                    RequireSignedTokens = true,
                };
            });
        }

        // Tokens of the platform's own token service, for services that call on a caller's behalf.
        authentication.AddJwtBearer(TokenCallers.ServiceScheme, bearer => bearer.MapInboundClaims = false);
        builder.Services.AddOptions<JwtBearerOptions>(TokenCallers.ServiceScheme).Configure<IOptionsMonitor<OpenIddictServerOptions>>((bearer, server) =>
            bearer.TokenValidationParameters = new TokenValidationParameters
            {
                ValidIssuer = ServiceTokenClaims.Issuer,
                ValidAudience = "gateway",
                ValidAlgorithms = [SecurityAlgorithms.EcdsaSha256],
                ValidTypes = ["at+jwt"],
                ClockSkew = TimeSpan.FromSeconds(5),
                IssuerSigningKeyResolver = (_, _, id, _) => server.CurrentValue.SigningCredentials.Select(credentials => credentials.Key).Where(key => key.KeyId == id),
            });

        if (builder.Configuration.GetSection("AzureAd").Exists())
        {
            authentication.AddMicrosoftIdentityWebApi(builder.Configuration.GetSection("AzureAd"), TokenCallers.EntraScheme);
            builder.Services.Configure<JwtBearerOptions>(TokenCallers.EntraScheme, bearer =>
            {
                bearer.MapInboundClaims = false;
                bearer.TokenValidationParameters.ValidAlgorithms = Algorithms;
            });
        }
    }
}
