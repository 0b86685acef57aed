using AiInfra.Bench.Overhead;
using AiInfra.Bench.Planner;
using AiInfra.Bench.Routing;
using AiInfra.Bench.Running;

// One line a benchmark, in the order of `list`. Each says itself what it measures, needs and takes.
IBenchmark[] benchmarks =
[
    new OverheadBenchmark(),
    new RoutingBenchmark(),
    new PlannerBenchmark(),
];

return await BenchCommand.RunAsync(benchmarks, args);
