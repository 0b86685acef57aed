using System.Text.Json;
using System.Text.Json.Nodes;
using AiInfra.LocalVllm.Http;

namespace AiInfra.LocalVllm.Responses;

/// <summary>Repeats tools and text format in a reply, every field of their types included.</summary>
internal static class ResponseEchoes
{
    private static readonly string[] WebSearchFields = ["external_web_access", "filters", "search_context_size", "user_location"];
    private static readonly string[] FunctionFields = ["name", "parameters", "strict", "type", "allowed_callers", "async", "defer_loading", "description", "output_schema"];

    public static ResponseEcho Of(FieldReader body)
    {
        var tools = body.Value("tools") is { ValueKind: JsonValueKind.Array } list
            ? $"[{string.Join(',', list.EnumerateArray().Select(Tool))}]"
            : "[]";
        var choice = body.Value("tool_choice") is { } given ? given.GetRawText() : tools == "[]" ? "\"none\"" : "\"auto\"";
        return new ResponseEcho(tools, choice, Text(body.Value("text")), body.Value("metadata")?.GetRawText() ?? "null");
    }

    private static string Tool(JsonElement tool)
    {
        var function = tool.ValueKind == JsonValueKind.Object && tool.TryGetProperty("type", out var type) && type.ValueEquals("function");
        var result = new JsonObject();
        foreach (var name in function ? FunctionFields : ["type", .. WebSearchFields])
        {
            result[name] = tool.ValueKind == JsonValueKind.Object && tool.TryGetProperty(name, out var value) ? JsonNode.Parse(value.GetRawText()) : null;
        }

        return result.ToJsonString();
    }

    private static string Text(JsonElement? text)
    {
        if (text is not { ValueKind: JsonValueKind.Object } given)
        {
            return "null";
        }

        var result = new JsonObject { ["format"] = null, ["verbosity"] = null };
        if (given.TryGetProperty("format", out var format) && format.ValueKind == JsonValueKind.Object)
        {
            var schema = format.TryGetProperty("type", out var type) && type.ValueEquals("json_schema");
            var fields = new JsonObject();
            foreach (var name in schema ? (string[])["name", "schema", "type", "description", "strict"] : ["type"])
            {
                fields[name] = format.TryGetProperty(name, out var value) ? JsonNode.Parse(value.GetRawText()) : null;
            }

            result["format"] = fields;
        }

        return result.ToJsonString();
    }
}
