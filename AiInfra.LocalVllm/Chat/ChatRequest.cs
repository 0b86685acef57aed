using AiInfra.LocalVllm.Generation;
using AiInfra.LocalVllm.Tools;

namespace AiInfra.LocalVllm.Chat;

/// <summary>A validated chat request: what to generate, and how the reply is to look.</summary>
internal sealed record ChatRequest
{
    public required TextRequest Text { get; init; }

    /// <summary>The name that the reply carries.</summary>
    public required string ModelName { get; init; }

    public required ToolChoice ToolChoice { get; init; }

    public bool Stream { get; init; }

    public StreamOptions StreamOptions { get; init; }

    public bool ReturnTokenIds { get; init; }

    public bool PromptLogprobs { get; init; }
}

/// <summary>What a stream tells about usage.</summary>
/// <param name="IncludeUsage">A last frame with usage.</param>
/// <param name="Continuous">Usage in every frame.</param>
internal readonly record struct StreamOptions(bool IncludeUsage, bool Continuous);
