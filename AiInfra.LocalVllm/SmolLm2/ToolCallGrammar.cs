using System.Text.Json;
using static AiInfra.LocalVllm.SmolLm2.GrammarText;

namespace AiInfra.LocalVllm.SmolLm2;

/// <summary>One call of one of the offered tools in Hermes' form, its arguments by the tool's schema.</summary>
/// <remarks><code>
/// &lt;tool_call&gt;
/// {"name": "get_weather", "arguments": {"city": "Ghent"}}
/// &lt;/tool_call&gt;
/// </code></remarks>
internal static class ToolCallGrammar
{
    /// <param name="tools">The caller's array: <c>[{"type":"function","function":{"name","parameters"}}…]</c>.</param>
    /// <exception cref="GrammarException">A tool has no name, or a schema that cannot be kept.</exception>
    public static GrammarNode Compile(string tools)
    {
        using var document = JsonDocument.Parse(tools);
        return new ChoiceNode([.. document.RootElement.EnumerateArray().Select(Call)]);
    }

    private static SequenceNode Call(JsonElement tool)
    {
        if (!tool.TryGetProperty("function", out var function) || function.ValueKind != JsonValueKind.Object
            || !function.TryGetProperty("name", out var name) || name.ValueKind != JsonValueKind.String)
        {
            throw new GrammarException("A tool must have a function with a name.");
        }

        var arguments = function.TryGetProperty("parameters", out var parameters) && parameters.ValueKind == JsonValueKind.Object
            ? JsonSchemaGrammar.Compile(parameters.GetRawText())
            : JsonText.Object;
        return new SequenceNode(
        [
            Literal("<tool_call>\n{\"name\": "), JsonText.Constant(name), Literal(", \"arguments\": "), arguments, Literal("}\n</tool_call>"),
        ]);
    }
}
