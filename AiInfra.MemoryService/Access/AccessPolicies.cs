using AiInfra.ServiceDefaults.ServiceTokens;

namespace AiInfra.MemoryService.Access;

/// <summary>Authorization policies beyond the scopes (see <see cref="ServiceScopes"/>).</summary>
internal static class AccessPolicies
{
    /// <summary>The caller is not limited to some domains.</summary>
    public const string EveryDomain = "every-domain";

    public static void AddAccess(this WebApplicationBuilder builder) => builder.Services.AddAuthorizationBuilder().AddPolicy(
        EveryDomain, policy => policy.RequireAssertion(context => !context.User.HasClaim(claim => claim.Type == ServiceTokenClaims.Domains)));
}
