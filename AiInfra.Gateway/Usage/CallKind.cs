using AiInfra.Gateway.Forwarding;

namespace AiInfra.Gateway.Usage;

/// <summary>How an endpoint's calls are counted.</summary>
/// <param name="CostsTokens">False where nothing runs on the model.</param>
/// <param name="MaxTokensField">The field that bounds an answer.</param>
/// <param name="TakesStreamOptions">True where usage in every frame can be asked for.</param>
internal sealed record CallKind(bool CostsTokens, string MaxTokensField, bool TakesStreamOptions)
{
    public static CallKind Of(ModelEndpoint endpoint) => new(
        endpoint.Path is not ("/tokenize" or "/detokenize" or "/v1/messages/count_tokens"),
        endpoint.Path == "/v1/responses" ? "max_output_tokens" : "max_tokens",
        endpoint.Path is "/v1/chat/completions" or "/v1/completions");
}
