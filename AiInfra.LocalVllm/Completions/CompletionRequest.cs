using AiInfra.LocalVllm.Chat;
using AiInfra.LocalVllm.Generation;

namespace AiInfra.LocalVllm.Completions;

/// <summary>A validated completion request.</summary>
internal sealed record CompletionRequest
{
    public required TextRequest Text { get; init; }

    /// <summary>The name that the reply carries.</summary>
    public required string ModelName { get; init; }

    public bool Stream { get; init; }

    public StreamOptions StreamOptions { get; init; }

    /// <summary>The reply begins with the prompt.</summary>
    public bool Echo { get; init; }

    /// <summary>The reply is the prompt alone (<c>echo</c> with <c>max_tokens</c> 0); a token is generated all the same, and counted.</summary>
    public bool PromptOnly { get; init; }

    public bool ReturnTokenIds { get; init; }

    public bool PromptLogprobs { get; init; }
}
