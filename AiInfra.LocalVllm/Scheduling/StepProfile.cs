namespace AiInfra.LocalVllm.Scheduling;

/// <summary>What one step of a model on a machine costs, in seconds.</summary>
/// <param name="Name">Its word for <c>--engine-option profile=…</c>.</param>
/// <param name="Base">A step with anything in it.</param>
/// <param name="PerPrefillToken">Each prompt token computed.</param>
/// <param name="PerSequence">Each sequence that generates a token.</param>
/// <param name="PerPrompt">Each prompt that begins.</param>
internal sealed record StepProfile(string Name, double Base, double PerPrefillToken, double PerSequence, double PerPrompt)
{
    /// <summary>
    /// Llama 8B on an H100: the field's latency model (prefill 30 ms + 250 µs a token, 12 ms between tokens, both doubling at 16 sequences)
    /// laid out over steps.
    /// </summary>
    public static StepProfile Llama8BOnH100 { get; } = new("8b-h100", 0.012, 0.000_25, 0.000_75, 0.018);

    /// <summary>Llama 70B on eight cards, the same model: 80 ms + 500 µs a token, 25 ms between tokens, tripling at 64 sequences.</summary>
    public static StepProfile Llama70BOnEight { get; } = new("70b-tp8", 0.025, 0.000_5, 0.000_78, 0.055);

    /// <summary>
    /// SmolLM2-135M in four bits on one core of a server CPU, measured: prefill 395 tokens/s; 68, 80 and 83 tokens/s in all for 1, 2
    /// and 4 sequences (14.7, 25 and 48 ms a step).
    /// </summary>
    public static StepProfile SmolLm2OnOneCore { get; } = new("smollm2-cpu", 0.0036, 0.002_53, 0.011_1, 0);

    /// <summary>Steps that take no time: for tests of everything but time.</summary>
    public static StepProfile Instant { get; } = new("instant", 0, 0, 0, 0);

    public static IReadOnlyList<StepProfile> All { get; } = [Llama8BOnH100, Llama70BOnEight, SmolLm2OnOneCore, Instant];

    public double Seconds(int prefillTokens, int sequences, int prompts) =>
        Base + prefillTokens * PerPrefillToken + sequences * PerSequence + prompts * PerPrompt;
}
