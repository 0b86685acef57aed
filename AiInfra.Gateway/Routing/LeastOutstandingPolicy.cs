namespace AiInfra.Gateway.Routing;

/// <summary>The replica with the fewest open requests; among equals one at random.</summary>
internal sealed class LeastOutstandingPolicy(Random random) : IRoutingPolicy
{
    public string Name => "LeastOutstanding";

    public int Pick(ReadOnlySpan<RouteCandidate> candidates, RouteRequest request, TimeSpan now)
    {
        var best = 0;
        var equals = 1;
        for (var i = 1; i < candidates.Length; i++)
        {
            if (candidates[i].InFlight < candidates[best].InFlight)
            {
                (best, equals) = (i, 1);
            }
            else if (candidates[i].InFlight == candidates[best].InFlight && random.Next(++equals) == 0)
            {
                best = i;
            }
        }

        return best;
    }

    public void Handle(RouteEvent happened, RouteRequest request, TimeSpan now)
    {
    }
}
