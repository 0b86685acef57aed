using AiInfra.Gateway.Routing;
using AiInfra.LocalVllm.Scheduling;

namespace AiInfra.Bench.Routing;

/// <summary>What became of one request.</summary>
internal sealed class Answer(TraceRequest request, RouteRequest routed, int gateway, double arrivedAt)
{
    public TraceRequest Request { get; } = request;

    public RouteRequest Routed { get; } = routed;

    public int Gateway { get; } = gateway;

    public double ArrivedAt { get; } = arrivedAt;

    /// <summary>Where it is computed now: another one after a restart.</summary>
    public Sequence? Sequence { get; set; }

    public bool HasBegun { get; set; }

    public bool IsDone { get; set; }

    public double FirstTokenAt { get; set; }

    public double DoneAt { get; set; }

    public int CachedTokens { get; set; }
}
