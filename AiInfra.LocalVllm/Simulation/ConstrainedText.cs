using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using AiInfra.LocalVllm.Engine;

namespace AiInfra.LocalVllm.Simulation;

/// <summary>Writes a small text that a constraint accepts.</summary>
internal static class ConstrainedText
{
    public static string Write(OutputConstraint constraint) => constraint.Kind switch
    {
        ConstraintKind.JsonObject => """{"answer": "simulated"}""",
        ConstraintKind.JsonSchema => Instance(JsonNode.Parse(constraint.Definition), JsonNode.Parse(constraint.Definition), 0)?.ToJsonString() ?? "null",
        ConstraintKind.Choice => JsonSerializer.Deserialize<string[]>(constraint.Definition) is { Length: > 0 } choices ? choices[0] : "",
        ConstraintKind.Regex => RegexText.Write(constraint.Definition),
        ConstraintKind.ToolCall => ToolCall(constraint.Definition),
        _ => "",
    };

    private static string ToolCall(string tools)
    {
        var function = JsonNode.Parse(tools)?[0]?["function"];
        var arguments = Instance(function?["parameters"], function?["parameters"], 0)?.ToJsonString() ?? "{}";
        return $"<tool_call>\n{{\"name\": {function?["name"]?.ToJsonString()}, \"arguments\": {arguments}}}\n</tool_call>";
    }

    private static JsonNode? Instance(JsonNode? schema, JsonNode? root, int depth)
    {
        if (schema is not JsonObject rules || depth > 12)
        {
            return null;
        }

        if (rules["$ref"] is JsonValue reference)
        {
            return Instance(Resolve(root, reference.GetValue<string>()), root, depth + 1);
        }

        if (rules["const"] is { } fixedValue)
        {
            return fixedValue.DeepClone();
        }

        if (rules["enum"] is JsonArray { Count: > 0 } values)
        {
            return values[0]?.DeepClone();
        }

        if ((rules["anyOf"] ?? rules["oneOf"] ?? rules["allOf"]) is JsonArray { Count: > 0 } options)
        {
            return Instance(options[0], root, depth + 1);
        }

        var type = rules["type"] is JsonArray { Count: > 0 } types ? types[0]?.GetValue<string>() : rules["type"]?.GetValue<string>();
        return (type ?? (rules["properties"] is null ? "string" : "object")) switch
        {
            "object" => Object(rules, root, depth),
            "array" => Array(rules, root, depth),
            "integer" => JsonValue.Create((long)Number(rules, 1)),
            "number" => JsonValue.Create(Number(rules, 1.5)),
            "boolean" => JsonValue.Create(true),
            "null" => null,
            _ => JsonValue.Create(Text(rules)),
        };
    }

    private static JsonObject Object(JsonObject rules, JsonNode? root, int depth)
    {
        var required = rules["required"] is JsonArray names ? names.Select(name => name?.GetValue<string>()).ToHashSet() : null;
        var result = new JsonObject();
        foreach (var (name, property) in rules["properties"] as JsonObject ?? [])
        {
            if (depth < 4 || required?.Contains(name) == true)
            {
                result[name] = Instance(property, root, depth + 1);
            }
        }

        return result;
    }

    private static JsonArray Array(JsonObject rules, JsonNode? root, int depth)
    {
        var count = Math.Clamp(rules["minItems"]?.GetValue<int>() ?? 1, 0, 100);
        var result = new JsonArray();
        for (var i = 0; i < count; i++)
        {
            result.Add(Instance(rules["items"], root, depth + 1));
        }

        return result;
    }

    private static double Number(JsonObject rules, double wish)
    {
        var least = rules["minimum"]?.GetValue<double>() ?? rules["exclusiveMinimum"]?.GetValue<double>() + 1 ?? double.MinValue;
        var most = rules["maximum"]?.GetValue<double>() ?? rules["exclusiveMaximum"]?.GetValue<double>() - 1 ?? double.MaxValue;
        return least > most ? least : Math.Clamp(wish, least, most);
    }

    private static string Text(JsonObject rules)
    {
        if (rules["pattern"] is JsonValue pattern)
        {
            return RegexText.Write(pattern.GetValue<string>());
        }

        var text = rules["format"]?.GetValue<string>() switch
        {
            "date-time" => "2026-01-01T00:00:00Z",
            "date" => "2026-01-01",
            "email" => "someone@example.com",
            "uri" => "https://example.com/",
            _ => "simulated",
        };
        var least = Math.Min(rules["minLength"]?.GetValue<int>() ?? 0, 10_000);
        var most = rules["maxLength"]?.GetValue<int>() ?? int.MaxValue;
        return text.Length > most ? text[..most] : text.PadRight(least, 'x');
    }

    // "#/$defs/Name": a JSON pointer into the schema itself.
    private static JsonNode? Resolve(JsonNode? root, string reference)
    {
        var node = root;
        foreach (var part in reference.TrimStart('#').Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            node = node switch
            {
                JsonObject parent => parent[part],
                JsonArray list when int.TryParse(part, CultureInfo.InvariantCulture, out var index) && index < list.Count => list[index],
                _ => null,
            };
        }

        return node;
    }
}
