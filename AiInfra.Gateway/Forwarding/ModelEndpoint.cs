using AiInfra.Gateway.Endpoints;

namespace AiInfra.Gateway.Forwarding;

/// <summary>An endpoint that a model server answers.</summary>
/// <param name="Path">The same here and there.</param>
/// <param name="Dialect">How errors are written.</param>
internal sealed record ModelEndpoint(string Path, Dialect Dialect = Dialect.OpenAi)
{
    /// <summary>True when the answer is generated text, which can be streamed and aborted.</summary>
    public bool Generates { get; init; }

    /// <summary>True when the body is a form with a file instead of JSON.</summary>
    public bool IsForm { get; init; }

    /// <summary>True when the engine reads a query with each of several documents.</summary>
    public bool ComparesPairs { get; init; }

    /// <summary>True when an answer is kept by the replica and can be referred to by its id.</summary>
    public bool KeepsAnswers { get; init; }

    public static IReadOnlyList<ModelEndpoint> All { get; } =
    [
        new("/v1/chat/completions") { Generates = true },
        new("/v1/completions") { Generates = true },
        new("/v1/responses", Dialect.Responses) { Generates = true, KeepsAnswers = true },
        new("/v1/messages", Dialect.Anthropic) { Generates = true },
        new("/v1/messages/count_tokens", Dialect.Anthropic),
        new("/v1/embeddings"),
        new("/v1/rerank") { ComparesPairs = true },
        new("/v1/score") { ComparesPairs = true },
        new("/v1/audio/transcriptions") { IsForm = true },
        new("/v1/audio/translations") { IsForm = true },
        new("/tokenize"),
        new("/detokenize"),
    ];
}
