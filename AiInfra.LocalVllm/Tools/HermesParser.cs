using System.Text.Json;

namespace AiInfra.LocalVllm.Tools;

/// <summary>
/// Reads tool calls out of a whole answer. A sample: <c>&lt;tool_call&gt;\n{"name": "get_weather", "arguments": {"city": "Paris"}}\n&lt;/tool_call&gt;</c>.
/// An answer whose calls cannot be read stays text.
/// </summary>
internal static class HermesParser
{
    public const string Open = "<tool_call>";
    public const string Close = "</tool_call>";

    public static (string? Content, IReadOnlyList<ToolCall> Calls) Parse(string text)
    {
        var first = text.IndexOf(Open, StringComparison.Ordinal);
        if (first < 0)
        {
            return (text, []);
        }

        var calls = new List<ToolCall>();
        for (var start = first; start >= 0;)
        {
            var from = start + Open.Length;
            var end = text.IndexOf(Close, from, StringComparison.Ordinal);
            if (Read(end < 0 ? text[from..] : text[from..end]) is not { } call)
            {
                return (text, []);
            }

            calls.Add(call);
            start = end < 0 ? -1 : text.IndexOf(Open, end, StringComparison.Ordinal);
        }

        return (first == 0 ? null : text[..first], calls);
    }

    private static ToolCall? Read(string json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            var root = document.RootElement;
            return root.ValueKind == JsonValueKind.Object
                && root.TryGetProperty("name", out var name) && name.ValueKind == JsonValueKind.String
                && root.TryGetProperty("arguments", out var arguments)
                ? new ToolCall(ToolCall.NewId(), name.GetString()!, arguments.GetRawText())
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
