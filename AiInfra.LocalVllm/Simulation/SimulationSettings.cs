using System.Globalization;
using System.Text.Json;
using AiInfra.LocalVllm.Engine;
using AiInfra.LocalVllm.Scheduling;
using AiInfra.LocalVllm.Serving;

namespace AiInfra.LocalVllm.Simulation;

/// <summary>The simulated engine's settings, from vLLM's flags and <c>--engine-option KEY=VALUE</c>.</summary>
internal sealed record SimulationSettings
{
    public required SchedulerSettings Scheduler { get; init; }

    /// <summary>Prompt and answer together, in tokens. Default 32,768.</summary>
    public int MaxModelLength { get; init; } = 32_768;

    /// <summary><c>speed</c>: seconds of simulated time in one real second, 0.01 to 100,000. Default 1.</summary>
    public double Speed { get; init; } = 1;

    /// <summary>Seed of requests without one of their own.</summary>
    public long Seed { get; init; }

    /// <summary><c>answers</c>: a JSON file with an object of answers by question, given word for word.</summary>
    public IReadOnlyDictionary<string, string> ScriptedAnswers { get; init; } = new Dictionary<string, string>();

    /// <exception cref="EngineStartException">An option is unknown or out of range.</exception>
    public static SimulationSettings From(ServeSettings serve)
    {
        var defaults = new SchedulerSettings();
        var blockSize = serve.BlockSize ?? defaults.BlockSize;
        var profile = StepProfile.Llama8BOnH100;
        var speed = 1.0;
        IReadOnlyDictionary<string, string> answers = new Dictionary<string, string>();
        foreach (var (key, value) in serve.EngineOptions)
        {
            switch (key)
            {
                case "profile":
                    profile = StepProfile.All.FirstOrDefault(known => known.Name == value) ?? throw new EngineStartException(
                        $"--engine-option profile={value}: known profiles are {string.Join(", ", StepProfile.All.Select(known => known.Name))}.");
                    break;
                case "step-ms":
                    // A step of this length whatever is in it: for load at a known frame rate.
                    profile = double.TryParse(value, CultureInfo.InvariantCulture, out var milliseconds) && milliseconds is >= 0 and <= 60_000
                        ? new StepProfile("fixed", milliseconds / 1000, 0, 0, 0)
                        : throw new EngineStartException($"--engine-option step-ms={value}: give a number from 0 to 60000.");
                    break;
                case "speed":
                    if (!double.TryParse(value, CultureInfo.InvariantCulture, out speed) || speed is not (>= 0.01 and <= 100_000))
                    {
                        throw new EngineStartException($"--engine-option speed={value}: give a number from 0.01 to 100000.");
                    }

                    break;
                case "answers":
                    answers = ReadAnswers(value);
                    break;
                default:
                    throw new EngineStartException($"--engine-option {key}: engine 'simulated' knows profile, step-ms, speed and answers.");
            }
        }

        return new SimulationSettings
        {
            MaxModelLength = serve.MaxModelLength ?? (serve.Runner == "pooling" ? 256 : 32_768),
            Seed = serve.Seed,
            Speed = speed,
            ScriptedAnswers = answers,
            Scheduler = new SchedulerSettings
            {
                MaxSequences = serve.MaxSequences ?? defaults.MaxSequences,
                MaxBatchedTokens = serve.MaxBatchedTokens ?? defaults.MaxBatchedTokens,
                BlockSize = blockSize,
                BlockCount = serve.BlockCount ?? defaults.BlockCount * defaults.BlockSize / blockSize,
                PrefixCaching = serve.PrefixCaching && serve.Runner != "pooling",
                MaxAdapters = serve.Lora ? serve.MaxLoras : int.MaxValue,
                ByPriority = serve.SchedulingPolicy == "priority",
                Profile = profile,
            },
        };
    }

    private static Dictionary<string, string> ReadAnswers(string file)
    {
        try
        {
            return JsonSerializer.Deserialize<Dictionary<string, string>>(File.ReadAllBytes(file)) ?? [];
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new EngineStartException($"--engine-option answers={file}: {problem.Message}");
        }
    }
}
