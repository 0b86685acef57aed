using AiInfra.Bench.Running;
using AiInfra.Gateway.Routing;

namespace AiInfra.Bench.Routing;

/// <summary>The routing policies against each other on recorded arrivals, in virtual time.</summary>
internal sealed class RoutingBenchmark : IBenchmark
{
    private const string Ours = "ExpectedCost";
    private const string MostCached = "most cached";
    private const string Least = "LeastOutstanding";
    private const int MaxIndexedBlocks = 1 << 20;
    private const int BoundedCacheTokens = 1_000_000;

    private static readonly (string Name, Func<Random, IRoutingPolicy> New)[] Rules =
    [
        (Ours, random => new ExpectedCostPolicy(MaxIndexedBlocks, random)),
        ("RoundRobin", _ => new RoundRobinPolicy()),
        (Least, random => new LeastOutstandingPolicy(random)),
        ("PowerOfTwoChoices", random => new PowerOfTwoChoicesPolicy(random)),
        (MostCached, random => new MostCachedRule(random)),
        ("switch (SGLang)", random => new SwitchRule(random)),
        ("scores (llm-d)", random => new ScoreRule(random)),
        ("block cost (Dynamo)", random => new BlockCostRule(random)),
    ];

    public string Name => "routing";

    public string Summary => "Routing rules on recorded traces (--data DIR with traces/) in virtual time: hits, TTFT, end to end, goodput; about 2 minutes, --full about an hour";

    public Task<BenchReport> RunAsync(BenchArguments arguments, CancellationToken cancellationToken)
    {
        var traces = Trace.ReadAll(arguments.DataFolder("traces"), arguments.Full ? int.MaxValue : 1500);
        var (rows, bars) = (new List<BenchRow>(), new List<BenchBar>());
        foreach (var group in Scenarios(traces, arguments.Full).GroupBy(scenario => scenario with { Seed = 0 }))
        {
            var figures = Rules.ToDictionary(rule => rule.Name, rule => RoutingFigures.Mean(
                [.. group.AsParallel().WithCancellation(cancellationToken).Select(scenario => new Fleet(scenario, rule.New).Run())]));
            foreach (var (name, figure) in figures)
            {
                rows.Add(new BenchRow($"{group.Key.Label} {name}", Values(figure)));
            }

            bars.AddRange(BarsOf(group.Key, figures));
        }

        return Task.FromResult(new BenchReport(Name, rows, bars)
        {
            Notes =
            [
                "Engines are LocalVllm's step-based scheduler (Llama 8B on an H100, 8192 tokens a step); times are virtual, so the machine plays no part.",
                "load is the part of what perfect caching could carry; a bar of 1.02 compares with the best of the other rules in the same scenario.",
                "good: first token within 2 s and at most 50 ms per token after it.",
            ],
        });
    }

    private static IEnumerable<Scenario> Scenarios(IReadOnlyList<Trace> traces, bool full)
    {
        double[] loads = full ? [0.5, 0.7, 0.85] : [0.5, 0.85];
        int[] fleets = full ? [4, 8] : [8];
        var seeds = full ? 5 : 2;
        foreach (var trace in traces)
        {
            var hasPrefixes = trace.Requests.DistinctBy(request => request.Blocks[0]).Count() < trace.Requests.Count;
            foreach (var replicas in fleets)
            {
                foreach (var load in loads)
                {
                    foreach (var cache in hasPrefixes ? new int?[] { null, BoundedCacheTokens } : [BoundedCacheTokens])
                    {
                        foreach (var seed in Enumerable.Range(1, seeds))
                        {
                            yield return new Scenario(trace, replicas, load, cache, seed);
                        }
                    }
                }
            }

            foreach (var seed in Enumerable.Range(1, seeds).Where(_ => hasPrefixes))
            {
                var usual = new Scenario(trace, 8, 0.7, BoundedCacheTokens, seed);
                yield return usual with { SlowReplicas = 2 };
                yield return usual with { RestartAt = 0.5 };
                yield return usual with { BurstRequests = 200 };
                yield return usual with { Gateways = 2 };
            }
        }
    }

    private static IEnumerable<BenchBar> BarsOf(Scenario scenario, Dictionary<string, RoutingFigures> figures)
    {
        var ours = figures[Ours];
        var others = figures.Where(entry => entry.Key != Ours).Select(entry => entry.Value).ToList();
        var label = scenario.Label;
        yield return BenchBar.AtMost($"{label}: TTFT p90 / best other", ours.FirstTokenP90 / others.Min(other => other.FirstTokenP90), 1.02);
        yield return BenchBar.AtMost($"{label}: TTFT p99 / best other", ours.FirstTokenP99 / others.Min(other => other.FirstTokenP99), 1.02);
        if (figures[MostCached].HitRate > 0.01)
        {
            yield return BenchBar.AtLeast($"{label}: hits / most cached", ours.HitRate / figures[MostCached].HitRate, 0.98);
        }
        else
        {
            // Nothing is cached there: the least loaded replica is hard to beat.
            var mine = Values(ours);
            foreach (var (column, value) in Values(figures[Least]).Where(entry => entry.Key.EndsWith(" s", StringComparison.Ordinal)))
            {
                yield return BenchBar.AtMost($"{label}: {(column.StartsWith('p') ? "ttft " : "")}{column[..^2]} / least outstanding", mine[column] / value, 1.02);
            }
        }
    }

    private static Dictionary<string, double> Values(RoutingFigures figure) => new()
    {
        ["hits %"] = 100 * figure.HitRate,
        ["max/mean"] = figure.Imbalance,
        ["ttft p50 s"] = figure.FirstTokenP50,
        ["p90 s"] = figure.FirstTokenP90,
        ["p99 s"] = figure.FirstTokenP99,
        ["end p50 s"] = figure.EndP50,
        ["end p90 s"] = figure.EndP90,
        ["end p99 s"] = figure.EndP99,
        ["good %"] = 100 * figure.Goodput,
    };
}
