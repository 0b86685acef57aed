using AiInfra.Gateway.Routing;

namespace AiInfra.Bench.Routing;

/// <summary>Dynamo's form, re-implemented: blocks to compute, those already waiting there included, plus blocks in use there.</summary>
internal sealed class BlockCostRule(Random random) : IndexedRule(random)
{
    private readonly Dictionary<string, (double Prefill, double Active)> _work = new(StringComparer.Ordinal);
    private readonly Dictionary<RouteRequest, double> _pending = [];

    public override string Name => "block cost (Dynamo)";

    public override int Pick(ReadOnlySpan<RouteCandidate> candidates, RouteRequest request, TimeSpan now)
    {
        var chosen = base.Pick(candidates, request, now);
        var id = candidates[chosen].Id;
        request.Replica = id;
        var (prefill, active) = _work.GetValueOrDefault(id);
        _pending[request] = request.ExpectedUncached;
        _work[id] = (prefill + request.ExpectedUncached, active + request.PromptTokens);
        return chosen;
    }

    public override void Handle(RouteEvent happened, RouteRequest request, TimeSpan now)
    {
        var (prefill, active) = _work[request.Replica!];
        if (_pending.Remove(request, out var uncached))
        {
            prefill -= uncached;
        }

        if (happened != RouteEvent.FirstToken)
        {
            active -= request.PromptTokens;
        }

        _work[request.Replica!] = (prefill, active);
    }

    protected override int Choose(ReadOnlySpan<RouteCandidate> candidates, ReadOnlySpan<double> cached, RouteRequest request)
    {
        var chosen = base.Choose(candidates, cached, request);
        request.ExpectedUncached = request.PromptTokens - cached[chosen];
        return chosen;
    }

    protected override double Cost(in RouteCandidate candidate, double cachedTokens, RouteRequest request)
    {
        var (prefill, active) = _work.GetValueOrDefault(candidate.Id);
        return prefill + request.PromptTokens - cachedTokens + active;
    }
}
