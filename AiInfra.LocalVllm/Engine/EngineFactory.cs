using AiInfra.LocalVllm.Serving;
using AiInfra.LocalVllm.Simulation;
using AiInfra.LocalVllm.SmolLm2;

namespace AiInfra.LocalVllm.Engine;

/// <summary>Every engine by its name on the command line.</summary>
internal static class EngineFactory
{
    /// <exception cref="EngineStartException">No engine has that name, or its settings do not fit it.</exception>
    public static IInferenceEngine Create(ServeSettings settings, TimeProvider time, ILoggerFactory loggers) => settings.Engine switch
    {
        "simulated" => new SimulatedEngine(SimulationSettings.From(settings), new SimulatedTokenizer(), time),
        "smollm2" => new SmolLm2Engine(SmolLm2Settings.From(settings), time, loggers.CreateLogger<SmolLm2Engine>()),
        _ => throw new EngineStartException($"--engine {settings.Engine}: there is no such engine. Use 'simulated' or 'smollm2'."),
    };
}
