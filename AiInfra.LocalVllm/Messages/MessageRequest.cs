using AiInfra.LocalVllm.Generation;
using AiInfra.LocalVllm.Tools;

namespace AiInfra.LocalVllm.Messages;

/// <summary>A validated request of the messages API.</summary>
internal sealed record MessageRequest(TextRequest Text, string ModelName, ToolChoice ToolChoice, bool Stream);
