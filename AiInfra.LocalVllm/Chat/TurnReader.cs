using System.Text;
using System.Text.Json;
using AiInfra.LocalVllm.Engine;
using AiInfra.LocalVllm.Http;

namespace AiInfra.LocalVllm.Chat;

/// <summary>Reads <c>messages</c>. Roles are not checked; content is text, a list of text parts, or absent.</summary>
internal static class TurnReader
{
    private const string FirstShape = "ChatCompletionDeveloperMessageParam";

    /// <summary>Reads what can be read; what cannot is among the issues.</summary>
    public static List<ChatTurn> Read(FieldReader body, string modelName)
    {
        var turns = new List<ChatTurn>();
        if (body.Required("messages") is not { } messages)
        {
            return turns;
        }

        if (messages.ValueKind != JsonValueKind.Array)
        {
            body.Issues.Add("list_type", "body.messages", "Input should be a valid list", ValidationIssues.Describe(messages));
            return turns;
        }

        var index = 0;
        foreach (var message in messages.EnumerateArray())
        {
            if (Read(message, $"body.messages.{index}.{FirstShape}", body.Issues, modelName) is { } turn)
            {
                turns.Add(turn);
            }

            index++;
        }

        return turns;
    }

    private static ChatTurn? Read(JsonElement message, string location, ValidationIssues issues, string modelName)
    {
        if (message.ValueKind != JsonValueKind.Object)
        {
            issues.Add("model_type", location, "Input should be a valid dictionary", ValidationIssues.Describe(message));
            return null;
        }

        var hasContent = message.TryGetProperty("content", out var content);
        if (!message.TryGetProperty("role", out var role))
        {
            issues.Add("missing", $"{location}.role", "Field required", ValidationIssues.Describe(message));
            return null;
        }

        if (role.ValueKind != JsonValueKind.String)
        {
            if (!hasContent)
            {
                issues.Add("missing", $"{location}.content", "Field required", ValidationIssues.Describe(message));
            }

            issues.Add("literal_error", $"{location}.role", "Input should be 'developer'", ValidationIssues.Describe(role), "{'expected': \"'developer'\"}");
            return null;
        }

        var calls = message.TryGetProperty("tool_calls", out var toolCalls) && toolCalls.ValueKind == JsonValueKind.Array ? toolCalls.GetRawText() : null;
        var id = message.TryGetProperty("tool_call_id", out var callId) && callId.ValueKind == JsonValueKind.String ? callId.GetString() : null;
        var assistant = role.ValueEquals("assistant");
        switch (content.ValueKind)
        {
            case JsonValueKind.Undefined:
            case JsonValueKind.Null when assistant:
                return new ChatTurn(role.GetString()!, "", calls, id);
            case JsonValueKind.String:
                return new ChatTurn(role.GetString()!, FieldReader.TextOf(content), calls, id);
            case JsonValueKind.Array:
                return new ChatTurn(role.GetString()!, Parts(content, modelName), calls, id);
            default:
                issues.Add("string_type", $"{location}.content", "Input should be a valid string", ValidationIssues.Describe(content));
                issues.Add("iterable_type", $"{location}.content", "Input should be iterable", ValidationIssues.Describe(content));
                return null;
        }
    }

    private static string Parts(JsonElement parts, string modelName)
    {
        var text = new StringBuilder();
        foreach (var part in parts.EnumerateArray())
        {
            var type = part.ValueKind == JsonValueKind.Object && part.TryGetProperty("type", out var kind) && kind.ValueKind == JsonValueKind.String ? kind.GetString() : null;
            if (part.ValueKind == JsonValueKind.String || (part.ValueKind == JsonValueKind.Object && part.TryGetProperty("text", out _)))
            {
                var value = part.ValueKind == JsonValueKind.String ? part : part.GetProperty("text");
                text.Append(text.Length > 0 ? "\n" : "").Append(value.ValueKind == JsonValueKind.String ? FieldReader.TextOf(value) : "");
            }
            else if (type is "image_url" or "input_audio" or "video_url" or "audio_url" or "input_image")
            {
                throw ApiError.BadRequest($"{modelName} is not a multimodal model", null);
            }
            else
            {
                throw ApiError.BadRequest($"Unknown part type: {type}", null);
            }
        }

        return text.ToString();
    }
}
