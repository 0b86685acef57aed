using AiInfra.LocalVllm.Engine;
using AiInfra.LocalVllm.Generation;
using AiInfra.LocalVllm.Tools;

namespace AiInfra.LocalVllm.Responses;

/// <summary>A validated request of the responses API.</summary>
internal sealed record ResponseRequest
{
    public required TextRequest Text { get; init; }

    public required string ModelName { get; init; }

    public required ToolChoice ToolChoice { get; init; }

    /// <summary>The conversation, for requests that continue this one.</summary>
    public required IReadOnlyList<ChatTurn> Turns { get; init; }

    public string? Instructions { get; init; }

    public string? PreviousId { get; init; }

    public bool Stream { get; init; }

    public bool Background { get; init; }

    public bool Store { get; init; }

    public int MaxOutputTokens { get; init; }

    public double TopP { get; init; } = 1;

    /// <summary>Parts of the reply that repeat the request, as JSON text: tools, tool choice, text format, metadata.</summary>
    public required ResponseEcho Echo { get; init; }
}

/// <summary>What a reply repeats of its request, as JSON text.</summary>
internal sealed record ResponseEcho(string Tools, string ToolChoice, string Text, string Metadata);
