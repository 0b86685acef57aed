namespace AiInfra.LocalVllm.Engine;

/// <summary>
/// What a model's publisher suggests where the caller says nothing; vLLM takes the same from a model's <c>generation_config.json</c>.
/// </summary>
/// <param name="Temperature">0 to 2.</param>
/// <param name="TopP">More than 0 to 1.</param>
/// <param name="MaxTokens">Answer tokens of a chat; vLLM's <c>max_new_tokens</c>. Bounds what a model that rambles says unasked.</param>
internal sealed record GenerationDefaults(double Temperature, double TopP, int MaxTokens);
