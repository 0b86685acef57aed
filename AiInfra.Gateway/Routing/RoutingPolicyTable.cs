using System.Collections.Concurrent;
using Microsoft.Extensions.Options;

namespace AiInfra.Gateway.Routing;

/// <summary>One policy a pool: what is learned of one model's replicas says nothing about another's.</summary>
internal sealed class RoutingPolicyTable(IOptions<RoutingOptions> options)
{
    private readonly ConcurrentDictionary<string, IRoutingPolicy> _policies = new(StringComparer.OrdinalIgnoreCase);

    public IRoutingPolicy Of(string service) =>
        _policies.GetOrAdd(service, static (_, options) => RoutingPolicies.Create(options, Random.Shared), options.Value);
}
