namespace AiInfra.LocalVllm.Tools;

/// <summary>One call that an answer asks for.</summary>
/// <param name="Id">Made here; the caller sends it back with the result.</param>
/// <param name="Name">The tool.</param>
/// <param name="Arguments">A JSON object as text, as the model wrote it.</param>
internal sealed record ToolCall(string Id, string Name, string Arguments)
{
    public static string NewId() => $"chatcmpl-tool-{Generation.ReplyIds.Random()}";
}
