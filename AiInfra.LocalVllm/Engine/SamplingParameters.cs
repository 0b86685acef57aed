namespace AiInfra.LocalVllm.Engine;

/// <summary>vLLM's sampling parameters, validated by the surface. Stop strings are not here: the surface finds them.</summary>
internal sealed record SamplingParameters
{
    /// <summary>Tokens to generate at most; at least 1. Reaching it finishes with <see cref="FinishReason.Length"/>.</summary>
    public required int MaxTokens { get; init; }

    /// <summary>No end-of-turn and no stop token before this many tokens. Default 0.</summary>
    public int MinTokens { get; init; }

    /// <summary>0 (greedy) to 2. Default 1.</summary>
    public double Temperature { get; init; } = 1;

    /// <summary>More than 0 to 1. Default 1.</summary>
    public double TopP { get; init; } = 1;

    /// <summary>0 (off) or the number of candidates. Default 0.</summary>
    public int TopK { get; init; }

    /// <summary>0 to 1, relative to the likeliest token's probability. Default 0.</summary>
    public double MinP { get; init; }

    /// <summary>More than 0; over prompt and answer. Default 1.</summary>
    public double RepetitionPenalty { get; init; } = 1;

    /// <summary>-2 to 2. Default 0.</summary>
    public double PresencePenalty { get; init; }

    /// <summary>-2 to 2. Default 0.</summary>
    public double FrequencyPenalty { get; init; }

    /// <summary>Makes the answer repeatable; null draws one.</summary>
    public long? Seed { get; init; }

    /// <summary>Go on past the end-of-turn token.</summary>
    public bool IgnoreEndOfTurn { get; init; }

    /// <summary>Tokens that end the answer with <see cref="FinishReason.Stop"/>, beside the end-of-turn token.</summary>
    public IReadOnlyList<int> StopTokens { get; init; } = [];

    /// <summary>How many likeliest tokens to report beside each chosen one; 0 reports the chosen one alone, null nothing.</summary>
    public int? Logprobs { get; init; }

    /// <summary>The same for the prompt's tokens.</summary>
    public int? PromptLogprobs { get; init; }

    /// <summary>Added to the logits of these tokens, -100 to 100.</summary>
    public IReadOnlyDictionary<int, double>? LogitBias { get; init; }

    /// <summary>Only these tokens may be chosen; null allows all.</summary>
    public IReadOnlyList<int>? AllowedTokens { get; init; }

    /// <summary>What the answer's text must parse as; null leaves it free.</summary>
    public OutputConstraint? Constraint { get; init; }
}
