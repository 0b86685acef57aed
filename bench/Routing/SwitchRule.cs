using AiInfra.Gateway.Routing;

namespace AiInfra.Bench.Routing;

/// <summary>SGLang's switch, re-implemented: by prefix while the load is even, by load when it is not.</summary>
internal sealed class SwitchRule(Random random) : IndexedRule(random)
{
    private const double CacheThreshold = 0.5;
    private const int BalanceAbsolute = 32;
    private const double BalanceRelative = 1.0001;

    public override string Name => "switch (SGLang)";

    protected override double Cost(in RouteCandidate candidate, double cachedTokens, RouteRequest request) => candidate.InFlight;

    protected override int Choose(ReadOnlySpan<RouteCandidate> candidates, ReadOnlySpan<double> cached, RouteRequest request)
    {
        var (min, max, longest, smallest) = (int.MaxValue, 0, 0, 0);
        for (var i = 0; i < candidates.Length; i++)
        {
            min = Math.Min(min, candidates[i].InFlight);
            max = Math.Max(max, candidates[i].InFlight);
            longest = cached[i] > cached[longest] ? i : longest;
            smallest = SizeOf(candidates[i].Id) < SizeOf(candidates[smallest].Id) ? i : smallest;
        }

        if (max - min > BalanceAbsolute && max > min * BalanceRelative)
        {
            return base.Choose(candidates, cached, request);
        }

        return cached[longest] / Math.Max(1, request.PromptTokens) > CacheThreshold ? longest : smallest;
    }
}
