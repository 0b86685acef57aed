using AiInfra.Bench.Authentication;
using AiInfra.Bench.Crash;
using AiInfra.Bench.Faults;
using AiInfra.Bench.Limits;
using AiInfra.Bench.LocalModel;
using AiInfra.Bench.LocalVllm;
using AiInfra.Bench.LoCoMo;
using AiInfra.Bench.Memory;
using AiInfra.Bench.MsMarco;
using AiInfra.Bench.Network;
using AiInfra.Bench.Overhead;
using AiInfra.Bench.Planner;
using AiInfra.Bench.Routing;
using AiInfra.Bench.Running;
using AiInfra.Bench.Slo;
using AiInfra.Bench.Startup;
using AiInfra.Bench.Storage;
using AiInfra.Bench.Telemetry;

// One line a benchmark, in the order of `list`. Each says itself what it measures, needs and takes.
IBenchmark[] benchmarks =
[
    new LocalVllmBenchmark(),
    new LocalModelBenchmark(),
    new OverheadBenchmark(),
    new MemoryRunBenchmark(),
    new SloBenchmark(),
    new RoutingBenchmark(),
    new FaultsBenchmark(),
    new LimitsBenchmark(),
    new AuthenticationBenchmark(),
    new LoCoMoBenchmark(),
    new RelevanceBenchmark(),
    new MsMarcoBenchmark(),
    new MemoryBenchmark(),
    new MemoryCacheBenchmark(),
    new CrashBenchmark(),
    new PlannerBenchmark(),
    new StartupBenchmark(),
    new TelemetryBenchmark(),
    new NetworkBenchmark(),
    new StorageBenchmark(),
];

return await BenchCommand.RunAsync(benchmarks, args);
