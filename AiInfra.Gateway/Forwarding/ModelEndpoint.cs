using AiInfra.Gateway.Endpoints;

namespace AiInfra.Gateway.Forwarding;

/// <summary>An endpoint that a model server answers.</summary>
/// <param name="Path">The same here and there.</param>
/// <param name="Dialect">How errors are written.</param>
/// <param name="Generates">True when the answer is generated text, which can be streamed and aborted.</param>
internal sealed record ModelEndpoint(string Path, Dialect Dialect, bool Generates)
{
    public static IReadOnlyList<ModelEndpoint> All { get; } =
    [
        new("/v1/chat/completions", Dialect.OpenAi, Generates: true),
        new("/v1/completions", Dialect.OpenAi, Generates: true),
        new("/v1/embeddings", Dialect.OpenAi, Generates: false),
    ];
}
