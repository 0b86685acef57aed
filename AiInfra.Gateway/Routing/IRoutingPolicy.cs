namespace AiInfra.Gateway.Routing;

/// <summary>Chooses the replica for a request. Events and times come in; nothing is read from outside.</summary>
internal interface IRoutingPolicy
{
    /// <summary>Its name in <c>Routing:Policy</c>.</summary>
    string Name { get; }

    /// <summary>Chooses, and takes the request into account as begun on the chosen replica.</summary>
    /// <param name="candidates">The replicas that may take it; never empty.</param>
    /// <param name="request">What is known of the request.</param>
    /// <param name="now">Time since any fixed moment.</param>
    /// <returns>Index of the chosen candidate.</returns>
    int Pick(ReadOnlySpan<RouteCandidate> candidates, RouteRequest request, TimeSpan now);

    /// <summary>Learns what became of a request that it placed.</summary>
    void Handle(RouteEvent happened, RouteRequest request, TimeSpan now);
}

/// <summary>What happens to a placed request.</summary>
internal enum RouteEvent
{
    /// <summary>The first token came.</summary>
    FirstToken,

    /// <summary>The answer is complete; its usage is in the request where the replica told it.</summary>
    Finished,

    /// <summary>The attempt failed, or the caller left.</summary>
    Abandoned,
}

/// <summary>A replica as routing sees it.</summary>
/// <param name="Id">Host and port.</param>
/// <param name="InFlight">This gateway's own open requests on it.</param>
/// <param name="Running">What the engine says it computes, others' requests included; null is unknown.</param>
/// <param name="ForeignWaiting">Requests of others in the engine's queue; null is unknown.</param>
/// <param name="CacheTokens">Tokens that its prefix cache holds; null is unknown.</param>
/// <param name="Restarts">A new number is a new engine with an empty cache.</param>
internal readonly record struct RouteCandidate(string Id, int InFlight, double? Running, double? ForeignWaiting, long? CacheTokens, int Restarts);
