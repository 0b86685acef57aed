namespace AiInfra.LocalVllm.SmolLm2;

/// <summary>A schema or pattern that cannot be kept, with a sentence for the caller.</summary>
internal sealed class GrammarException(string message) : Exception(message);
