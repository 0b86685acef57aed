using AiInfra.LocalVllm.Engine;

namespace AiInfra.LocalVllm.Generation;

/// <summary>What one frame brings to one choice.</summary>
/// <param name="Choice">Prompt index × choices per prompt + choice.</param>
internal sealed record ChoiceDelta(int Choice)
{
    public required string Text { get; init; }

    public required IReadOnlyList<int> Tokens { get; init; }

    /// <summary>One entry a token, or null where none was asked for.</summary>
    public IReadOnlyList<TokenLogprobs>? Logprobs { get; init; }

    /// <summary>Set on a choice's last delta.</summary>
    public FinishReason? Finish { get; init; }

    /// <summary>The stop string or stop token that ended it.</summary>
    public StopCause? StopReason { get; init; }

    /// <summary>Set on a choice's first delta.</summary>
    public PrefillReport? Prefill { get; init; }

    /// <summary>Answer tokens of this choice so far, this delta included.</summary>
    public required int TotalTokens { get; init; }
}

/// <summary>What ended an answer beside the end of turn: one of the two is set.</summary>
internal readonly record struct StopCause(string? Text, int? Token);
