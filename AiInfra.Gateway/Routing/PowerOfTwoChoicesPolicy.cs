namespace AiInfra.Gateway.Routing;

/// <summary>The less busy of two replicas drawn at random.</summary>
/// <remarks>Avoids the worst queues without scanning all (Mitzenmacher, IEEE TPDS 2001).</remarks>
internal sealed class PowerOfTwoChoicesPolicy(Random random) : IRoutingPolicy
{
    public string Name => "PowerOfTwoChoices";

    public int Pick(ReadOnlySpan<RouteCandidate> candidates, RouteRequest request, TimeSpan now)
    {
        if (candidates.Length == 1)
        {
            return 0;
        }

        var first = random.Next(candidates.Length);
        // An offset of 1..n-1 makes the draws distinct without looping.
        var second = (first + random.Next(1, candidates.Length)) % candidates.Length;
        return candidates[first].InFlight <= candidates[second].InFlight ? first : second;
    }

    public void Handle(RouteEvent happened, RouteRequest request, TimeSpan now)
    {
    }
}
