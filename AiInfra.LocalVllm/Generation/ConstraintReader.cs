using System.Text.Json;
using System.Text.RegularExpressions;
using AiInfra.LocalVllm.Engine;
using AiInfra.LocalVllm.Http;

namespace AiInfra.LocalVllm.Generation;

/// <summary>Reads <c>response_format</c> and <c>structured_outputs</c>. The old <c>guided_*</c> fields are ignored, as vLLM ignores them.</summary>
internal static class ConstraintReader
{
    private static readonly string[] JsonTypes = ["object", "array", "string", "number", "integer", "boolean", "null"];

    /// <summary>Checks the shape of <c>response_format</c> with the rest of the body.</summary>
    public static void CheckShape(FieldReader body)
    {
        if (body.Value("response_format") is not { ValueKind: JsonValueKind.Object } format)
        {
            return;
        }

        var type = format.TryGetProperty("type", out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
        if (type is not ("text" or "json_object" or "json_schema" or "structural_tag"))
        {
            const string expected = "'text', 'json_object' or 'json_schema'";
            body.Issues.Add("literal_error", "body.response_format.type", $"Input should be {expected}", ValidationIssues.Describe(value), $"{{'expected': \"{expected}\"}}");
        }
    }

    /// <exception cref="ApiError">400: no grammar can be made of it.</exception>
    public static OutputConstraint? Read(FieldReader body)
    {
        if (body.Value("response_format") is { ValueKind: JsonValueKind.Object } format)
        {
            switch (format.GetProperty("type").GetString())
            {
                case "json_object":
                    return new OutputConstraint(ConstraintKind.JsonObject, "");
                case "json_schema":
                    return Schema(format);
                case "structural_tag":
                    throw ApiError.BadRequest("Invalid response_format structural_tag specification. (parameter=response_format)", "response_format");
            }
        }

        return body.Value("structured_outputs") is { ValueKind: JsonValueKind.Object } outputs ? Structured(outputs) : null;
    }

    private static OutputConstraint Schema(JsonElement format)
    {
        if (!format.TryGetProperty("json_schema", out var outer) || outer.ValueKind != JsonValueKind.Object)
        {
            throw ApiError.BadRequest("When response_format type is 'json_schema', the 'json_schema' field must be provided. (parameter=response_format)", "response_format");
        }

        return outer.TryGetProperty("schema", out var schema) && schema.ValueKind == JsonValueKind.Object
            ? FromSchema(schema)
            : new OutputConstraint(ConstraintKind.JsonObject, "");
    }

    private static OutputConstraint FromSchema(JsonElement schema)
    {
        CheckTypes(schema, 0);
        return new OutputConstraint(ConstraintKind.JsonSchema, schema.GetRawText());
    }

    private static OutputConstraint? Structured(JsonElement outputs)
    {
        foreach (var property in outputs.EnumerateObject())
        {
            switch (property.Name, property.Value.ValueKind)
            {
                case ("json", JsonValueKind.Object):
                    return FromSchema(property.Value);
                case ("json", JsonValueKind.String):
                    using (var parsed = JsonBody.Parse(System.Text.Encoding.UTF8.GetBytes(property.Value.GetString()!)))
                    {
                        return FromSchema(parsed.RootElement);
                    }

                case ("json_object", JsonValueKind.True):
                    return new OutputConstraint(ConstraintKind.JsonObject, "");
                case ("choice", JsonValueKind.Array) when property.Value.GetArrayLength() > 0:
                    return new OutputConstraint(ConstraintKind.Choice, property.Value.GetRawText());
                case ("regex", JsonValueKind.String):
                    return FromRegex(property.Value.GetString()!);
                case ("grammar", JsonValueKind.String):
                    return new OutputConstraint(ConstraintKind.Grammar, property.Value.GetString()!);
            }
        }

        return null;
    }

    private static OutputConstraint FromRegex(string pattern)
    {
        try
        {
            _ = new Regex(pattern, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
        }
        catch (Exception problem) when (problem is ArgumentException or NotSupportedException)
        {
            throw ApiError.BadRequest($"Grammar error: invalid regex \"{pattern}\": {problem.Message}", null);
        }

        return new OutputConstraint(ConstraintKind.Regex, pattern);
    }

    private static void CheckTypes(JsonElement schema, int depth)
    {
        if (schema.ValueKind != JsonValueKind.Object || depth > 32)
        {
            return;
        }

        foreach (var property in schema.EnumerateObject())
        {
            if (property.Name == "type" && property.Value.ValueKind == JsonValueKind.String && !JsonTypes.Contains(property.Value.GetString()))
            {
                throw ApiError.BadRequest($"Grammar error: Invalid type: {property.Value.GetString()}", null);
            }

            if (property.Name is "items" or "not")
            {
                CheckTypes(property.Value, depth + 1);
            }
            else if (property.Name is "properties" or "$defs" && property.Value.ValueKind == JsonValueKind.Object)
            {
                foreach (var child in property.Value.EnumerateObject())
                {
                    CheckTypes(child.Value, depth + 1);
                }
            }
        }
    }
}
