namespace AiInfra.LocalVllm.Engine;

/// <summary>The engine could not start. The message is for the person who started it.</summary>
internal sealed class EngineStartException(string message) : Exception(message);

/// <summary>The engine is dead: requests fail with 500, <c>/health</c> with 503, and the process ends soon.</summary>
internal sealed class EngineDeadException() : Exception("EngineCore encountered an issue. See stack trace (above) for the root cause.");

/// <summary>The engine cannot do what a request asks for, a schema that it does not support for instance: 400; the message is for the caller.</summary>
internal sealed class EngineRequestException(string message) : Exception(message);
