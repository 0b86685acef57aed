using System.Collections.Frozen;
using AiInfra.Gateway.Tenants;

namespace AiInfra.Gateway.Policies;

/// <summary>Every policy of one version of the document. Decides, and says by which rule.</summary>
internal sealed class PolicySet
{
    public const string Default = "default";

    private readonly FrozenDictionary<string, AccessPolicy> _policies;
    private readonly FrozenDictionary<string, Price> _prices;

    public PolicySet(AccessOptions document)
    {
        Document = document;
        _policies = (document.Policies.Count > 0 ? document.Policies : new Dictionary<string, PolicyOptions> { [Default] = Everything() })
            .ToFrozenDictionary(policy => policy.Key, policy => new AccessPolicy(policy.Key, policy.Value), StringComparer.Ordinal);
        _prices = document.Prices.ToFrozenDictionary(price => price.Key, price => Price.Of(price.Value), StringComparer.Ordinal);
    }

    public AccessOptions Document { get; }

    public bool HasLimits => _policies.Values.Any(policy => policy.HasLimits);

    public Price PriceOf(string model) => _prices.GetValueOrDefault(model, Price.Free);

    /// <summary>The policy that a caller is under, or null: then everything is denied.</summary>
    public AccessPolicy? PolicyOf(Caller caller) => caller.Policy is { } name ? _policies.GetValueOrDefault(name) : null;

    /// <summary>The policy that the first of these roles with one stands for.</summary>
    public string? PolicyOfRoles(IEnumerable<string> roles) =>
        roles.Select(role => Document.Roles.TryGetValue(role, out var policy) ? policy : null).FirstOrDefault(policy => policy is not null);

    /// <summary>Whether a caller may do something.</summary>
    /// <param name="caller">Who.</param>
    /// <param name="path">The path of the endpoint.</param>
    /// <param name="model">The public name of the model, where there is one.</param>
    /// <param name="memory">What is done to memories (<c>read</c>, <c>write</c>, <c>erase</c>), where it is that.</param>
    /// <param name="actsFor">The end user whom the caller names, if any.</param>
    public AccessDecision Decide(Caller caller, string path, string? model, string? memory, string? actsFor)
    {
        if (PolicyOf(caller) is not { } policy)
        {
            return new(false, "Access:Policies", caller.Policy is null
                ? "No policy is assigned to the caller, and what no policy grants is denied."
                : $"The caller's policy '{caller.Policy}' does not exist, and what no policy grants is denied.");
        }

        if (!policy.AllowsPath(path))
        {
            return new(false, policy.RuleOf("Endpoints"), $"The policy does not list {path}.");
        }

        if (actsFor is not null && !policy.Options.ActFor)
        {
            return new(false, policy.RuleOf("ActFor"), "The policy does not let the caller name an end user.");
        }

        if (memory is not null && !policy.Options.Memory.Contains(memory))
        {
            return new(false, policy.RuleOf("Memory"), $"The policy does not grant memory '{memory}'.");
        }

        if (model is null)
        {
            return memory is null ? policy.GrantsEndpoint : policy.GrantsMemory;
        }

        return policy.AllowsModel(model) ? policy.GrantsModel : new(false, policy.RuleOf("Models"), $"The policy does not list the model '{model}'.");
    }

    private static PolicyOptions Everything() => new() { Endpoints = { "*" }, Models = { "*" }, Memory = { "read", "write" } };
}

/// <summary>A decision and the rule that made it.</summary>
/// <param name="Allowed">Whether it may be done.</param>
/// <param name="Rule">The key of the document that decides.</param>
/// <param name="Reason">Why, in a sentence.</param>
internal sealed record AccessDecision(bool Allowed, string Rule, string Reason);
