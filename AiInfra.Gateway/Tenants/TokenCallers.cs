using System.Security.Claims;
using AiInfra.Gateway.Policies;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;

namespace AiInfra.Gateway.Tenants;

/// <summary>Callers by JWT: validated by the scheme of its authority, then mapped to a tenant, a user and a policy.</summary>
internal sealed class TokenCallers(IOptions<TokenCallerOptions> options, PolicyStore policies, CacheSalts salts, IAuthenticationSchemeProvider schemes)
{
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

        return null;
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
        return new Caller($"jwt:{user}", tenant!, user, policies.Current.PolicyOfRoles(roles)) { Salt = salts.Of(tenant!) };
    }
}
