namespace AiInfra.MemoryService.Chroma;

/// <summary>Chroma answered with an error. Its message is worded differently from version to version: only status and kind count.</summary>
internal sealed class ChromaException(int status, string kind, string message) : Exception($"Chroma answered {status} {kind}: {message}")
{
    public int Status { get; } = status;

    /// <summary>For example <c>NotFoundError</c>; empty when the answer had no body, which means a wrong route.</summary>
    public string Kind { get; } = kind;

    public bool IsCollectionMissing => Status == 404 && Kind == "NotFoundError";

    /// <summary>The server could not carry out a well-formed call: a sign that the collection is broken.</summary>
    public bool IsServerFault => Status >= 500;
}
