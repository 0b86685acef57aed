using AiInfra.Bench.LoCoMo;
using AiInfra.Bench.MsMarco;
using AiInfra.Bench.Planner;
using AiInfra.Bench.Running;

// One line a benchmark, in the order of `list`. Each says itself what it measures, needs and takes.
IBenchmark[] benchmarks =
[
    new LoCoMoBenchmark(),
    new MsMarcoBenchmark(),
    new PlannerBenchmark(),
];

return await BenchCommand.RunAsync(benchmarks, args);
