using AiInfra.Gateway.Routing;

namespace AiInfra.Bench.Routing;

/// <summary>The replica with the longest known prefix, whatever its load; among equals the one with the fewest open requests.</summary>
internal sealed class MostCachedRule(Random random) : IndexedRule(random)
{
    public override string Name => "most cached";

    protected override double Cost(in RouteCandidate candidate, double cachedTokens, RouteRequest request) =>
        -cachedTokens + (candidate.InFlight * 1e-6);
}
