using AiInfra.LocalVllm.Engine;

namespace AiInfra.LocalVllm.Generation;

/// <summary>A validated request for text, the same for every dialect: some prompts, <c>n</c> choices of each.</summary>
internal sealed record TextRequest
{
    public required string Id { get; init; }

    public required IReadOnlyList<Prompt> Prompts { get; init; }

    public required SamplingParameters Sampling { get; init; }

    /// <summary>Choices per prompt. Default 1.</summary>
    public int Choices { get; init; } = 1;

    public StopStrings Stops { get; init; } = StopStrings.None;

    /// <summary>Leave control tokens out of the text. Default true.</summary>
    public bool SkipSpecial { get; init; } = true;

    public int Priority { get; init; }

    public string? CacheSalt { get; init; }

    /// <summary>The LoRA adapter that the model name stands for, or null.</summary>
    public string? Adapter { get; init; }

    /// <summary>The offered tools as JSON, or null.</summary>
    public string? Tools { get; init; }

    public int PromptTokens => Prompts.Sum(prompt => prompt.Tokens.Length);
}

/// <summary>One prompt.</summary>
/// <param name="Tokens">Its tokens, at least one.</param>
/// <param name="Turns">The conversation it came from, or null.</param>
internal sealed record Prompt(int[] Tokens, IReadOnlyList<ChatTurn>? Turns);
