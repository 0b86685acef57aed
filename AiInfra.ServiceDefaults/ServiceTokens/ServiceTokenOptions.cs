using Microsoft.Extensions.Options;

namespace AiInfra.ServiceDefaults.ServiceTokens;

/// <summary>A service's own identity and whom it trusts: section <c>ServiceTokens</c>.</summary>
public sealed class ServiceTokenOptions
{
    public const string Section = "ServiceTokens";

    /// <summary>The service's name at the token service, for outgoing calls. Not needed with Entra ID, nor by a service that calls nobody.</summary>
    public string? ClientId { get; set; }

    /// <summary>Its secret there.</summary>
    public string? ClientSecret { get; set; }

    /// <summary>The services whose tokens may speak for a caller. Default: <c>gateway</c> alone.</summary>
    public IList<string> MayAct { get; } = [];

    /// <summary>With Entra ID: the scope that stands for a service, by the service's name, for example <c>api://memory/.default</c>.</summary>
    public IDictionary<string, string> Scopes { get; } = new Dictionary<string, string>(StringComparer.Ordinal);

    internal bool IsTrustedActor(string? client) => MayAct.Count == 0 ? client == "gateway" : client is not null && MayAct.Contains(client);
}

/// <summary>An identity has both of its halves.</summary>
internal sealed class ServiceTokenOptionsValidator : IValidateOptions<ServiceTokenOptions>
{
    public ValidateOptionsResult Validate(string? name, ServiceTokenOptions options) =>
        string.IsNullOrEmpty(options.ClientId) == string.IsNullOrEmpty(options.ClientSecret)
            ? ValidateOptionsResult.Success
            : ValidateOptionsResult.Fail("ServiceTokens:ClientId and ServiceTokens:ClientSecret must be set together.");
}
