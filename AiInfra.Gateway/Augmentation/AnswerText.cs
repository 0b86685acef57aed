using System.Text;
using System.Text.Json;

namespace AiInfra.Gateway.Augmentation;

/// <summary>The model's words out of a finished answer, streamed or plain, in any of the three forms.</summary>
internal static class AnswerText
{
    public static string Of(ReadOnlySpan<byte> answer)
    {
        var text = new StringBuilder();
        try
        {
            if (answer.TrimStart("\r\n "u8).StartsWith("{"u8))
            {
                Add(answer, text);
            }
            else
            {
                AddFrames(answer, text);
            }
        }
        catch (Exception damaged) when (damaged is JsonException or InvalidOperationException)
        {
            // An answer that is none of the three forms is not stored.
            return "";
        }

        return text.ToString().Trim();
    }

    private static void AddFrames(ReadOnlySpan<byte> answer, StringBuilder text)
    {
        foreach (var range in answer.Split((byte)'\n'))
        {
            var line = answer[range].Trim("\r "u8);
            if (line.StartsWith("data:"u8) && line[5..].Trim(" "u8) is var data && data.StartsWith("{"u8))
            {
                Add(data, text);
            }
        }
    }

    private static void Add(ReadOnlySpan<byte> json, StringBuilder text)
    {
        var reader = new Utf8JsonReader(json);
        using var document = JsonDocument.ParseValue(ref reader);
        var root = document.RootElement;
        if (root.TryGetProperty("choices", out var choices) && choices.ValueKind == JsonValueKind.Array && choices.GetArrayLength() > 0)
        {
            // {"choices":[{"message":{"content":"Hi"}}]} or {"choices":[{"delta":{"content":"Hi"}}]}
            var choice = choices[0];
            AddText(choice.TryGetProperty("message", out var message) ? message : choice.TryGetProperty("delta", out var delta) ? delta : default, "content", text);
        }
        else if (root.TryGetProperty("type", out var type) && type.ValueEquals("content_block_delta"))
        {
            // {"type":"content_block_delta","delta":{"type":"text_delta","text":"Hi"}}
            AddText(root.GetProperty("delta"), "text", text);
        }
        else if (type.ValueKind == JsonValueKind.String && type.ValueEquals("response.output_text.delta"))
        {
            // {"type":"response.output_text.delta","delta":"Hi"}
            AddText(root, "delta", text);
        }
        else if (root.TryGetProperty("content", out var content))
        {
            // {"type":"message","content":[{"type":"text","text":"Hi"}]}
            AddParts(content, text);
        }
        else if (root.TryGetProperty("output", out var output) && output.ValueKind == JsonValueKind.Array)
        {
            // {"object":"response","output":[{"type":"message","content":[{"type":"output_text","text":"Hi"}]}]}
            foreach (var item in output.EnumerateArray())
            {
                if (item.TryGetProperty("type", out var kind) && kind.ValueEquals("message"))
                {
                    AddParts(item.GetProperty("content"), text);
                }
            }
        }
    }

    private static void AddParts(JsonElement parts, StringBuilder text)
    {
        foreach (var part in parts.ValueKind == JsonValueKind.Array ? parts.EnumerateArray() : default)
        {
            AddText(part, "text", text);
        }
    }

    private static void AddText(JsonElement element, string name, StringBuilder text)
    {
        if (element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String)
        {
            text.Append(value.GetString());
        }
    }
}
