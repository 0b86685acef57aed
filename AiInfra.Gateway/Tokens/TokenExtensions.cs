using AiInfra.ServiceDefaults.Listeners;
using AiInfra.ServiceDefaults.ServiceTokens;
using Microsoft.Extensions.Options;
using OpenIddict.Server;
using static OpenIddict.Server.OpenIddictServerEvents;

namespace AiInfra.Gateway.Tokens;

/// <summary>The platform's token service, on the internal listener: token endpoint, discovery and keys, by OpenIddict without a database.</summary>
internal static class TokenExtensions
{
    public static void AddServiceTokenIssuer(this WebApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddOptionsWithValidateOnStart<TokenOptions>().BindConfiguration(TokenOptions.Section).ValidateDataAnnotations();
        services.AddSingleton<IValidateOptions<TokenOptions>, TokenOptionsValidator>();
        services.AddSingleton<IConfigureOptions<OpenIddictServerOptions>, TokenServerOptions>();
        services.AddSingleton<IOptionsChangeTokenSource<OpenIddictServerOptions>, TokenServerChange>();
        services.AddSingleton<ServiceTokenIssuer>();
        services.AddSingleton<TokenServer>();
        services.AddSingleton<IssuerName>();
        services.AddOpenIddict().AddServer(server =>
        {
            // No database of applications and tokens: clients are configuration, and a token lives for a minute.
            server.EnableDegradedMode();
            server.AllowClientCredentialsFlow().AllowTokenExchangeFlow();
            server.SetIssuer(ServiceTokenClaims.Issuer);
            server.SetConfigurationEndpointUris("/.well-known/openid-configuration");
            server.SetJsonWebKeySetEndpointUris("/.well-known/jwks.json");
            server.SetTokenEndpointUris("/connect/token");
            server.RegisterScopes(ServiceScopes.All);
            server.DisableAccessTokenEncryption();
            // The clients' own lists say it.
            server.DisableAudienceValidation().DisableResourceValidation();
            server.AddEventHandler<ValidateTokenRequestContext>(handler => handler.UseSingletonHandler<TokenServer>());
            server.AddEventHandler<HandleTokenRequestContext>(handler => handler.UseSingletonHandler<TokenServer>());
            server.AddEventHandler<GenerateTokenContext>(handler => handler.UseSingletonHandler<IssuerName>().SetOrder(int.MinValue));
            server.AddEventHandler<ApplyConfigurationResponseContext>(handler => handler.UseSingletonHandler<IssuerName>().SetOrder(int.MinValue));
            // The internal listener is loopback or a network segment of the platform's own.
            server.UseAspNetCore().DisableTransportSecurityRequirement();
        });
    }

    public static void UseServiceTokenIssuer(this WebApplication app)
    {
        // ASP.NET Core would put its middleware in front of everything, on every listener, unless told that it is there.
        ((IApplicationBuilder)app).Properties["__AuthenticationMiddlewareSet"] = true;
        var listeners = app.Services.GetRequiredService<ListenerTable>();
        app.UseWhen(context => listeners.Of(context) == ListenerNames.Internal, inside => inside.UseAuthentication());
    }
}
