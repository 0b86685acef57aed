using AiInfra.ServiceDefaults.ServiceTokens;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
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

        builder.Services.AddAuthentication(JwtBearerDefaults.AuthenticationScheme).AddJwtBearer(options =>
        {
            options.MapInboundClaims = false;
            options.MetadataAddress = $"{gateway.TrimEnd('/')}/.well-known/openid-configuration";
            // The internal listener is loopback or a network segment of the platform's own.
            options.RequireHttpsMetadata = false;
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
        foreach (var scope in new[] { ServiceScopes.MemoryRead, ServiceScopes.MemoryWrite, ServiceScopes.MemoryAdmin })
        {
            authorization.AddPolicy(scope, policy => policy
                .RequireClaim(ServiceTokenClaims.Tenant)
                .RequireAssertion(context => HasScope(context, scope)));
        }

        return builder;
    }

    private static bool HasScope(AuthorizationHandlerContext context, string scope) =>
        context.User.FindFirst(ServiceTokenClaims.Scope)?.Value.Split(' ').Contains(scope) ?? false;
}
