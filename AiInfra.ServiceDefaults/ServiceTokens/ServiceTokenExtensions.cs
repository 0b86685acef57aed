using System.Text.Json;
using AiInfra.ServiceDefaults.ServiceTokens;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.Tokens;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Validates the gateway's service tokens in the services behind it.</summary>
public static class ServiceTokenExtensions
{
    /// <summary>
    /// Accepts service tokens for <paramref name="audience"/> only, signed by a key that the gateway publishes on its internal
    /// listener, and adds one authorization policy per scope (see <see cref="ServiceScopes"/>). A service with this is closed by
    /// default: an endpoint without a policy asks for a valid token.
    /// </summary>
    /// <param name="builder">The service.</param>
    /// <param name="audience">The service's own resource name, for example <c>memory</c>.</param>
    /// <exception cref="InvalidOperationException">No address of the gateway's internal listener is configured.</exception>
    public static WebApplicationBuilder AddServiceTokens(this WebApplicationBuilder builder, string audience)
    {
        var gateway = builder.Configuration["services:gateway:internal:0"]
            ?? throw new InvalidOperationException(
                "services:gateway:internal:0 is not set: the address of the gateway's internal listener, which publishes the keys of service tokens.");

        builder.Services.AddOptions<ServiceTokenOptions>().BindConfiguration(ServiceTokenOptions.Section);
        // Without it a token under a key that was published a moment ago is refused while the keys are fetched behind its back.
        AppContext.SetSwitch("Switch.Microsoft.IdentityModel.UpdateConfigAsBlocking", true);
        builder.Services.AddAuthentication(JwtBearerDefaults.AuthenticationScheme).AddJwtBearer(options =>
        {
            options.MapInboundClaims = false;
            options.MetadataAddress = $"{gateway.TrimEnd('/')}/.well-known/openid-configuration";
            // The internal listener is loopback or a network segment of the platform's own.
            options.RequireHttpsMetadata = false;
            // An unknown key id makes the keys be fetched again, at most once in so long.
            options.RefreshInterval = TimeSpan.FromSeconds(1);
            options.Events = new JwtBearerEvents { OnTokenValidated = RefuseStrangers };
            options.TokenValidationParameters = new TokenValidationParameters
            {
                ValidIssuer = ServiceTokenClaims.Issuer,
                ValidAudience = audience,
                ValidAlgorithms = [SecurityAlgorithms.EcdsaSha256],
                ValidTypes = ["at+jwt"],
                ClockSkew = TimeSpan.FromSeconds(5),
                NameClaimType = ServiceTokenClaims.Subject,
            };
        });

        var authorization = builder.Services.AddAuthorizationBuilder()
            .SetFallbackPolicy(new AuthorizationPolicyBuilder().RequireAuthenticatedUser().RequireClaim(ServiceTokenClaims.Tenant).Build());
        foreach (var scope in ServiceScopes.All)
        {
            authorization.AddPolicy(scope, policy => policy
                .RequireClaim(ServiceTokenClaims.Tenant)
                .RequireAssertion(context => HasScope(context, scope)));
        }

        return builder;
    }

    // Whoever speaks for a caller must be allowed to: a token with a tenant comes from a service that may act, and names no other actor.
    private static Task RefuseStrangers(TokenValidatedContext context)
    {
        var principal = context.Principal!;
        var trusted = context.HttpContext.RequestServices.GetRequiredService<IOptions<ServiceTokenOptions>>().Value;
        var (client, actor) = (principal.FindFirst(ServiceTokenClaims.Client)?.Value, principal.FindFirst(ServiceTokenClaims.Actor)?.Value);
        var speaksForOthers = actor is not null || principal.HasClaim(claim => claim.Type is ServiceTokenClaims.Tenant or ServiceTokenClaims.User);
        if (speaksForOthers && !(trusted.IsTrustedActor(client) && (actor is null || ActorOf(actor) == client)))
        {
            context.Fail("The client may not act on behalf of others.");
        }

        return Task.CompletedTask;
    }

    // {"sub":"gateway"}; one behind which another stands is not taken.
    private static string? ActorOf(string json)
    {
        try
        {
            using var actor = JsonDocument.Parse(json);
            return actor.RootElement.ValueKind == JsonValueKind.Object && !actor.RootElement.TryGetProperty(ServiceTokenClaims.Actor, out _)
                && actor.RootElement.TryGetProperty(ServiceTokenClaims.Subject, out var subject) ? subject.GetString() : null;
        }
        catch (Exception problem) when (problem is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    private static bool HasScope(AuthorizationHandlerContext context, string scope) =>
        context.User.FindFirst(ServiceTokenClaims.Scope)?.Value.Split(' ').Contains(scope) ?? false;
}
