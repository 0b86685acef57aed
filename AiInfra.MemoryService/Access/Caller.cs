using System.Reflection;
using System.Security.Claims;
using AiInfra.ServiceDefaults.ServiceTokens;

namespace AiInfra.MemoryService.Access;

/// <summary>On whose behalf a call is made. It comes from the service token alone: no body and no header can change it.</summary>
/// <param name="Tenant">The team whose database is used.</param>
/// <param name="User">The person whose memories are seen.</param>
/// <param name="Actor">Who did it, for history and audit: the token's subject.</param>
internal sealed record Caller(string Tenant, string User, string Actor)
{
    /// <summary>The domains that it may use; null: every one.</summary>
    public IReadOnlySet<string>? Domains { get; init; }

    /// <summary>An operator: the token has the scope <see cref="ServiceScopes.MemoryAdmin"/>.</summary>
    public bool IsOperator { get; init; }

    /// <summary>Whether the data of this user of the tenant, as a whole, is the caller's to deal with.</summary>
    public bool MayActOn(string user) => user == User || IsOperator;

    /// <summary>Whether a memory of this domain is there for the caller at all.</summary>
    public bool MayUse(string domain) => Domains is null || Domains.Contains(domain);

    /// <summary>For a memory that is to be written.</summary>
    /// <exception cref="DomainDeniedException">The caller may not use the domain.</exception>
    public void RequireDomain(string domain)
    {
        if (!MayUse(domain))
        {
            throw new DomainDeniedException(domain);
        }
    }

    /// <summary>The caller of a validated token.</summary>
    /// <exception cref="InvalidOperationException">The token names no tenant: the policies in front let no such token pass.</exception>
    public static Caller Of(ClaimsPrincipal principal)
    {
        var tenant = principal.FindFirst(ServiceTokenClaims.Tenant)?.Value;
        if (string.IsNullOrEmpty(tenant))
        {
            throw new InvalidOperationException($"The token has no claim '{ServiceTokenClaims.Tenant}'.");
        }

        var subject = principal.FindFirst(ServiceTokenClaims.Subject)?.Value ?? "";
        var user = principal.FindFirst(ServiceTokenClaims.User)?.Value;
        var domains = principal.FindFirst(ServiceTokenClaims.Domains)?.Value.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return new Caller(tenant, string.IsNullOrEmpty(user) ? subject : user, subject)
        {
            Domains = domains?.ToHashSet(StringComparer.Ordinal),
            IsOperator = principal.FindFirst(ServiceTokenClaims.Scope)?.Value.Split(' ').Contains(ServiceScopes.MemoryAdmin) is true,
        };
    }

    /// <summary>Binds a handler's parameter of this type.</summary>
    public static ValueTask<Caller?> BindAsync(HttpContext context, ParameterInfo _) => ValueTask.FromResult<Caller?>(Of(context.User));
}
