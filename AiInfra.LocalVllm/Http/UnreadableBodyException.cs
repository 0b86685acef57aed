namespace AiInfra.LocalVllm.Http;

/// <summary>The body's bytes are no text (invalid UTF-8, compressed): FastAPI's own 400.</summary>
internal sealed class UnreadableBodyException() : Exception("There was an error parsing the body");
