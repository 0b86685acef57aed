using AiInfra.Gateway.Routing;

namespace AiInfra.Bench.Routing;

/// <summary>llm-d's default shape, re-implemented: scores from 0 to 1 for prefix (weight 3) and for short queues (weight 2), summed.</summary>
internal sealed class ScoreRule(Random random) : IndexedRule(random)
{
    private const double PrefixWeight = 3;
    private const double QueueWeight = 2;

    private int _min;
    private int _max;

    public override string Name => "scores (llm-d)";

    protected override int Choose(ReadOnlySpan<RouteCandidate> candidates, ReadOnlySpan<double> cached, RouteRequest request)
    {
        (_min, _max) = (int.MaxValue, 0);
        foreach (var candidate in candidates)
        {
            _min = Math.Min(_min, candidate.InFlight);
            _max = Math.Max(_max, candidate.InFlight);
        }

        return base.Choose(candidates, cached, request);
    }

    protected override double Cost(in RouteCandidate candidate, double cachedTokens, RouteRequest request)
    {
        var queue = _max == _min ? 1 : (double)(_max - candidate.InFlight) / (_max - _min);
        return -((PrefixWeight * cachedTokens / Math.Max(1, request.PromptTokens)) + (QueueWeight * queue));
    }
}
