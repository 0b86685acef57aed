using System.Security.Claims;
using System.Text.Json;
using AiInfra.Gateway.Tenants;
using AiInfra.ServiceDefaults.ServiceTokens;
using OpenIddict.Abstractions;
using static OpenIddict.Abstractions.OpenIddictConstants;

namespace AiInfra.Gateway.Tokens;

/// <summary>What service tokens say, before OpenIddict makes tokens of it.</summary>
internal static class ServicePrincipal
{
    /// <summary>The gateway on behalf of a caller of the public API.</summary>
    public static ClaimsPrincipal Of(Caller caller, string client) => OnBehalf(
        caller.KeyId, caller.Tenant, caller.User, caller.Policy, caller.MemoryDomains, caller.MemoryScopes.Split(' ', StringSplitOptions.RemoveEmptyEntries), client);

    /// <summary>A service on behalf of the caller of a token that it was sent.</summary>
    public static ClaimsPrincipal OnBehalf(ClaimsPrincipal subject, string client) => OnBehalf(
        subject.GetClaim(Claims.Subject)!, subject.GetClaim(ServiceTokenClaims.Tenant), subject.GetClaim(ServiceTokenClaims.User),
        subject.GetClaim(ServiceTokenClaims.Policy), subject.GetClaim(ServiceTokenClaims.Domains), subject.GetScopes(), client);

    /// <summary>A service for itself.</summary>
    public static ClaimsPrincipal OfService(string client) =>
        new(new ClaimsIdentity("service").SetClaim(Claims.Subject, client));

    /// <summary>Names for whom the token is, and lets every claim into it.</summary>
    public static ClaimsPrincipal For(ClaimsPrincipal principal, string audience)
    {
        principal.SetResources(audience);
        principal.SetDestinations(_ => [Destinations.AccessToken]);
        return principal;
    }

    private static ClaimsPrincipal OnBehalf(
        string subject, string? tenant, string? user, string? policy, string? domains, IEnumerable<string> scopes, string client)
    {
        var identity = new ClaimsIdentity("service")
            .SetClaim(Claims.Subject, subject)
            .SetClaim(ServiceTokenClaims.Tenant, tenant)
            .SetClaim(ServiceTokenClaims.User, user)
            .SetClaim(ServiceTokenClaims.Policy, policy)
            .SetClaim(ServiceTokenClaims.Domains, domains)
            .SetClaim(ServiceTokenClaims.Actor, JsonSerializer.SerializeToElement(new ActorClaim(client), TokenJson.Default.ActorClaim));
        return new ClaimsPrincipal(identity).SetScopes(scopes);
    }
}
