using System.Security.Claims;
using AiInfra.Gateway.Policies;
using AiInfra.Gateway.Tokens;
using AiInfra.ServiceDefaults.ServiceTokens;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;

namespace AiInfra.Gateway.Tenants;

/// <summary>
/// Callers by JWT: validated by the scheme of its authority, then mapped to a tenant, a user and a policy. A service of the platform that
/// calls on a caller's behalf brings an exchanged token, and is under that caller's policy.
/// </summary>
internal sealed class TokenCallers(
    IOptions<TokenCallerOptions> options, IOptionsMonitor<TokenOptions> services, ApiKeys keys, PolicyStore policies, CacheSalts salts,
    IAuthenticationSchemeProvider schemes)
{
    public const string ServiceScheme = "service";

    private const string ByToken = "jwt:";

    public const string OidcScheme = "oidc";
    public const string EntraScheme = "entra";

    private readonly TokenCallerOptions _options = options.Value;
    private readonly string[] _roleClaims = options.Value.RoleClaims.Count > 0 ? [.. options.Value.RoleClaims] : ["roles", "groups"];

    /// <summary>Whether this may be a JWT: three parts, which a key of ours never has.</summary>
    public static bool LooksLikeOne(ReadOnlySpan<char> presented) => presented.StartsWith("ey") && presented.Count('.') == 2;

    public async Task<Caller?> FindAsync(HttpContext context)
    {
        foreach (var scheme in new[] { OidcScheme, EntraScheme })
        {
            if (await schemes.GetSchemeAsync(scheme) is not null
                && await context.AuthenticateAsync(scheme) is { Succeeded: true } result)
            {
                return CallerOf(result.Principal);
            }
        }

        return services.CurrentValue.Clients.Count > 0 && await context.AuthenticateAsync(ServiceScheme) is { Succeeded: true } service
            ? CallerOfService(service.Principal)
            : null;
    }

    private Caller? CallerOfService(ClaimsPrincipal principal)
    {
        var (subject, client) = (principal.FindFirst(ServiceTokenClaims.Subject)?.Value, principal.FindFirst(ServiceTokenClaims.Client)?.Value);
        var (tenant, user) = (principal.FindFirst(ServiceTokenClaims.Tenant)?.Value, principal.FindFirst(ServiceTokenClaims.User)?.Value);
        if (subject is null || string.IsNullOrEmpty(user) || !TenantName.IsValid(tenant) || !services.CurrentValue.Clients.Any(known => known.Id == client && known.MayAct))
        {
            return null;
        }

        if (subject.StartsWith(ByToken, StringComparison.Ordinal))
        {
            return new Caller(subject, tenant, user, principal.FindFirst(ServiceTokenClaims.Policy)?.Value) { Salt = salts.Of(tenant) };
        }

        // A key that was revoked meanwhile lets nobody in, whoever speaks for it.
        return keys.FindByAccount(subject) is { } caller && caller.Tenant == tenant ? caller with { User = user } : null;
    }

    private Caller? CallerOf(ClaimsPrincipal principal)
    {
        var tenant = principal.FindFirst(_options.TenantClaim)?.Value ?? _options.Tenant;
        var user = principal.FindFirst(_options.UserClaim)?.Value ?? principal.FindFirst("sub")?.Value;
        if (string.IsNullOrEmpty(user) || !TenantName.IsValid(tenant))
        {
            return null;
        }

        var roles = principal.Claims.Where(claim => _roleClaims.Contains(claim.Type)).Select(claim => claim.Value);
        // Prefixed: a subject can never be taken for a key's id.
        return new Caller(ByToken + user, tenant!, user, policies.Current.PolicyOfRoles(roles)) { Salt = salts.Of(tenant!) };
    }
}
