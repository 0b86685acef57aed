using AiInfra.Gateway.Routing;

namespace AiInfra.Bench.Routing;

/// <summary>What the re-implemented rules share: a prefix index per replica that is fed when a request is sent, and the lowest cost wins.</summary>
internal abstract class IndexedRule(Random random) : IRoutingPolicy
{
    private readonly Dictionary<string, PrefixIndex> _indexes = new(StringComparer.Ordinal);

    public abstract string Name { get; }

    protected Random Random { get; } = random;

    public virtual int Pick(ReadOnlySpan<RouteCandidate> candidates, RouteRequest request, TimeSpan now)
    {
        Span<double> cached = stackalloc double[candidates.Length];
        for (var i = 0; i < candidates.Length; i++)
        {
            cached[i] = Math.Min(IndexOf(candidates[i].Id).Match(request.Blocks.Span) * request.BlockTokens, request.PromptTokens);
        }

        var best = Choose(candidates, cached, request);
        IndexOf(candidates[best].Id).Touch(request.Blocks.Span, (int)Math.Clamp((candidates[best].CacheTokens ?? 1e9) / request.BlockTokens, 1, 1 << 22));
        return best;
    }

    public virtual void Handle(RouteEvent happened, RouteRequest request, TimeSpan now)
    {
    }

    protected abstract double Cost(in RouteCandidate candidate, double cachedTokens, RouteRequest request);

    protected virtual int Choose(ReadOnlySpan<RouteCandidate> candidates, ReadOnlySpan<double> cached, RouteRequest request)
    {
        var (best, bestCost, equals) = (0, double.PositiveInfinity, 0);
        for (var i = 0; i < candidates.Length; i++)
        {
            var cost = Cost(candidates[i], cached[i], request);
            if (cost < bestCost)
            {
                (best, bestCost, equals) = (i, cost, 1);
            }
            else if (cost == bestCost && Random.Next(++equals) == 0)
            {
                best = i;
            }
        }

        return best;
    }

    protected int SizeOf(string id) => IndexOf(id).Count;

    private PrefixIndex IndexOf(string id)
    {
        if (!_indexes.TryGetValue(id, out var index))
        {
            _indexes[id] = index = new PrefixIndex();
        }

        return index;
    }
}
