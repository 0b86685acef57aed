using AiInfra.LocalVllm.Serving;
using AiInfra.LocalVllm.Simulation;

namespace AiInfra.LocalVllm.Engine;

/// <summary>Every engine by its name on the command line.</summary>
internal static class EngineFactory
{
    /// <exception cref="EngineStartException">No engine has that name.</exception>
    public static IInferenceEngine Create(ServeSettings settings, TimeProvider time, ILoggerFactory loggers) => settings.Engine switch
    {
        "simulated" => new SimulatedEngine(SimulationSettings.From(settings), new SimulatedTokenizer(), time),
        _ => throw new EngineStartException($"--engine {settings.Engine}: there is no such engine. Use 'simulated' or 'smollm2'."),
    };
}
