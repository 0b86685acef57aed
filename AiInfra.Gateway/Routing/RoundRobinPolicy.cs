namespace AiInfra.Gateway.Routing;

/// <summary>Every replica in turn.</summary>
internal sealed class RoundRobinPolicy : IRoutingPolicy
{
    private uint _next = uint.MaxValue;

    public string Name => "RoundRobin";

    public int Pick(ReadOnlySpan<RouteCandidate> candidates, RouteRequest request, TimeSpan now) =>
        (int)(Interlocked.Increment(ref _next) % (uint)candidates.Length);

    public void Handle(RouteEvent happened, RouteRequest request, TimeSpan now)
    {
    }
}
