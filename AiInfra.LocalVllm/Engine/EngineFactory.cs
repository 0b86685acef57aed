using AiInfra.LocalVllm.Kv;
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
        "simulated" => Simulated(settings, time),
        "smollm2" => new SmolLm2Engine(SmolLm2Settings.From(settings), time, loggers.CreateLogger<SmolLm2Engine>()),
        _ => throw new EngineStartException($"--engine {settings.Engine}: there is no such engine. Use 'simulated' or 'smollm2'."),
    };

    private static SimulatedEngine Simulated(ServeSettings settings, TimeProvider time)
    {
        var simulation = SimulationSettings.From(settings);
        var events = KvEventsSettings.Read(settings.KvEventsConfig) is { Enabled: true } enabled
            ? new KvEventPublisher(enabled, simulation.Scheduler.BlockSize, time)
            : null;
        return new SimulatedEngine(simulation, Tokenizer(settings), events, time);
    }

    // Where the model argument is a folder with a tokenizer, the simulator counts tokens as that model does.
    private static ITextTokenizer Tokenizer(ServeSettings settings)
    {
        if (!File.Exists(Path.Combine(settings.Model, "vocab.json")))
        {
            return new SimulatedTokenizer();
        }

        try
        {
            return new ByteLevelTokenizer(ModelFolder.Open(settings.Model));
        }
        catch (ModelFolderException problem)
        {
            throw new EngineStartException(problem.Message);
        }
    }
}
