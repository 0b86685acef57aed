using System.Collections.Frozen;

namespace AiInfra.Gateway.Routing;

/// <summary>The policies by name.</summary>
internal static class RoutingPolicies
{
    private static readonly FrozenDictionary<string, Func<RoutingOptions, Random, IRoutingPolicy>> ByName =
        new Dictionary<string, Func<RoutingOptions, Random, IRoutingPolicy>>
        {
            ["ExpectedCost"] = (options, random) => new ExpectedCostPolicy(options.MaxIndexedBlocksPerReplica, random),
            ["RoundRobin"] = (_, _) => new RoundRobinPolicy(),
            ["LeastOutstanding"] = (_, random) => new LeastOutstandingPolicy(random),
            ["PowerOfTwoChoices"] = (_, random) => new PowerOfTwoChoicesPolicy(random),
            ["SessionAffinity"] = (_, random) => new SessionAffinityPolicy(random),
        }.ToFrozenDictionary(StringComparer.Ordinal);

    public static IReadOnlyList<string> Names => [.. ByName.Keys.Order(StringComparer.Ordinal)];

    /// <param name="options">Which, and its bounds.</param>
    /// <param name="random">Breaks ties; seeded in simulations.</param>
    public static IRoutingPolicy Create(RoutingOptions options, Random random) => ByName[options.Policy](options, random);
}
