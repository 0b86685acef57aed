namespace AiInfra.LocalVllm.Engine;

/// <summary>What one step brought one sequence.</summary>
/// <param name="Token">The token, an ending one (end of turn, stop token) included; null only where a sequence ends without one (<see cref="Engine.FinishReason.Abort"/>).</param>
internal readonly record struct EngineOutput(int? Token)
{
    /// <summary>Set where the request asked for it.</summary>
    public TokenLogprobs? Logprobs { get; init; }

    /// <summary>Why the sequence ends with this output; null while it goes on.</summary>
    public FinishReason? FinishReason { get; init; }

    /// <summary>The one of <see cref="SamplingParameters.StopTokens"/> that ended it; null for the end of turn.</summary>
    public int? StopToken { get; init; }

    /// <summary>How often the sequence was sent back to the queue so far.</summary>
    public int Preemptions { get; init; }

    /// <summary>How the prompt was processed; set on a sequence's first output only.</summary>
    public PrefillReport? Prefill { get; init; }
}

/// <summary>Why a sequence ended, in vLLM's words.</summary>
internal enum FinishReason
{
    Stop,
    Length,
    Abort,
    Error,
}
