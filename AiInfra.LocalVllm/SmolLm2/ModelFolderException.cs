namespace AiInfra.LocalVllm.SmolLm2;

/// <summary>A model folder that cannot be served, with a sentence for the person who named it.</summary>
internal sealed class ModelFolderException(string message) : Exception(message);
