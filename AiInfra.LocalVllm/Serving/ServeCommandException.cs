namespace AiInfra.LocalVllm.Serving;

/// <summary>The command line cannot be understood; the message says which part.</summary>
internal sealed class ServeCommandException(string message) : Exception(message);
