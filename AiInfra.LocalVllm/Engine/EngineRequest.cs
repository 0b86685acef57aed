namespace AiInfra.LocalVllm.Engine;

/// <summary>One sequence to generate. A call with <c>n</c> or several prompts is several of these; their seeds differ.</summary>
/// <param name="Id">Unique; for logs only.</param>
/// <param name="Prompt">The prompt's tokens, at least one.</param>
/// <param name="Sampling">How to choose tokens and when to stop.</param>
internal sealed record EngineRequest(string Id, int[] Prompt, SamplingParameters Sampling)
{
    /// <summary>The turns that <see cref="Prompt"/> was made of, for engines that answer from text instead of logits; null for a raw prompt.</summary>
    public IReadOnlyList<ChatTurn>? Turns { get; init; }

    /// <summary>The tools the caller offered, as its JSON array, or null.</summary>
    public string? Tools { get; init; }

    /// <summary>Smaller goes first when the engine schedules by priority.</summary>
    public int Priority { get; init; }

    /// <summary>Prefixes are shared only between requests with the same salt.</summary>
    public string? CacheSalt { get; init; }

    /// <summary>The LoRA adapter to answer with, or null for the base model. Prefixes are never shared between adapters.</summary>
    public string? Adapter { get; init; }
}
