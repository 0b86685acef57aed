using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace AiInfra.Gateway.Tenants;

/// <summary>
/// Callers with a JWT of an OIDC authority: section <c>Jwt</c>. Entra ID is configured in <c>AzureAd</c>, as Microsoft.Identity.Web
/// documents it, and read with the claims named here.
/// </summary>
public sealed class TokenCallerOptions
{
    public const string Section = "Jwt";

    /// <summary>The authority whose discovery document names the keys. Without it no tokens are accepted (but Entra's, if configured).</summary>
    public Uri? Authority { get; set; }

    /// <summary>What the tokens must be issued for. Required with an authority.</summary>
    public string? Audience { get; set; }

    /// <summary>False lets the discovery document be read over plain HTTP, for an authority on loopback. Default true.</summary>
    public bool RequireHttps { get; set; } = true;

    /// <summary>The claim that names the tenant. Default: <c>tenant</c>; where the token lacks it, <see cref="Tenant"/>.</summary>
    [Required]
    public string TenantClaim { get; set; } = "tenant";

    /// <summary>The tenant of tokens that name none. Without it such tokens are refused.</summary>
    public string? Tenant { get; set; }

    /// <summary>The claim that names the user. Default <c>sub</c>.</summary>
    [Required]
    public string UserClaim { get; set; } = "sub";

    /// <summary>The claims whose values <c>Access:Roles</c> maps to policies. Default <c>roles</c> and <c>groups</c>.</summary>
    public IList<string> RoleClaims { get; } = [];
}

/// <summary>An authority needs an audience, or a token for anybody would do.</summary>
internal sealed class TokenCallerOptionsValidator : IValidateOptions<TokenCallerOptions>
{
    public ValidateOptionsResult Validate(string? name, TokenCallerOptions options) => options switch
    {
        { Authority: not null, Audience: null or "" } => ValidateOptionsResult.Fail("Jwt:Audience is not set: with Jwt:Authority it says for whom tokens must be issued."),
        { Authority: { IsAbsoluteUri: false } } => ValidateOptionsResult.Fail("Jwt:Authority must be an absolute URL."),
        { Authority: { Scheme: not "https" }, RequireHttps: true } => ValidateOptionsResult.Fail("Jwt:Authority must be an https URL, or Jwt:RequireHttps false on loopback."),
        _ => ValidateOptionsResult.Success,
    };
}
