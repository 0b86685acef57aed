namespace AiInfra.LocalVllm.Engine;

/// <summary>One message of a conversation, its content parts already joined.</summary>
/// <param name="Role"><c>system</c>, <c>user</c>, <c>assistant</c>, <c>tool</c>, or whatever else the caller wrote.</param>
/// <param name="Content">The text; empty where the caller sent none.</param>
/// <param name="ToolCalls">The assistant's earlier tool calls as the caller's JSON array, or null.</param>
/// <param name="ToolCallId">On a tool's turn: the call that it answers.</param>
internal sealed record ChatTurn(string Role, string Content, string? ToolCalls = null, string? ToolCallId = null);
