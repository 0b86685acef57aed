namespace AiInfra.Gateway.Routing;

/// <summary>The same replica for the same conversation, by rendezvous hashing: a replica that goes moves only its own conversations.</summary>
internal sealed class SessionAffinityPolicy(Random random) : IRoutingPolicy
{
    public string Name => "SessionAffinity";

    public int Pick(ReadOnlySpan<RouteCandidate> candidates, RouteRequest request, TimeSpan now)
    {
        if (request.Session == 0)
        {
            return random.Next(candidates.Length);
        }

        var best = 0;
        var bestScore = 0UL;
        for (var i = 0; i < candidates.Length; i++)
        {
            var score = PromptHash.Mix(request.Session ^ PromptHash.Of(candidates[i].Id));
            if (score >= bestScore)
            {
                (best, bestScore) = (i, score);
            }
        }

        return best;
    }

    public void Handle(RouteEvent happened, RouteRequest request, TimeSpan now)
    {
    }
}
