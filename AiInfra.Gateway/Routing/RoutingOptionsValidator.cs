using Microsoft.Extensions.Options;

namespace AiInfra.Gateway.Routing;

[OptionsValidator]
internal sealed partial class RoutingOptionsValidator : IValidateOptions<RoutingOptions>;

/// <summary>An unknown policy is told with the names that there are.</summary>
internal sealed class RoutingPolicyNameValidator : IValidateOptions<RoutingOptions>
{
    public ValidateOptionsResult Validate(string? name, RoutingOptions options) => RoutingPolicies.Names.Contains(options.Policy)
        ? ValidateOptionsResult.Success
        : ValidateOptionsResult.Fail($"Routing:Policy is '{options.Policy}': it must be one of {string.Join(", ", RoutingPolicies.Names)}.");
}
