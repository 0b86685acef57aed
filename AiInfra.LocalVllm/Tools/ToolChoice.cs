using System.Text.Json;
using AiInfra.LocalVllm.Engine;
using AiInfra.LocalVllm.Http;
using AiInfra.LocalVllm.Serving;

namespace AiInfra.LocalVllm.Tools;

/// <summary>What a chat request says about tools.</summary>
/// <param name="Tools">The offered tools as JSON, or null.</param>
/// <param name="Parse">Whether calls are read out of the answer.</param>
/// <param name="Constraint">Set where a call is forced.</param>
internal sealed record ToolChoice(string? Tools, bool Parse, OutputConstraint? Constraint)
{
    public static ToolChoice None { get; } = new(null, false, null);

    /// <summary>Checks the shape of <c>tools</c> with the rest of the body.</summary>
    public static void CheckShape(FieldReader body)
    {
        if (body.Value("tools") is not { } tools)
        {
            return;
        }

        if (tools.ValueKind != JsonValueKind.Array)
        {
            body.Issues.Add("list_type", "body.tools", "Input should be a valid list", ValidationIssues.Describe(tools));
            return;
        }

        var index = 0;
        foreach (var tool in tools.EnumerateArray())
        {
            if (tool.ValueKind != JsonValueKind.Object || !tool.TryGetProperty("function", out _))
            {
                body.Issues.Add("missing", $"body.tools.{index}.function", "Field required", ValidationIssues.Describe(tool));
            }

            index++;
        }
    }

    /// <exception cref="ApiError">400: tools and choice do not fit each other, or the server's flags.</exception>
    public static ToolChoice Read(FieldReader body, ServeSettings settings)
    {
        var tools = body.Value("tools");
        var choice = body.Value("tool_choice");
        if (tools is { } list && list.GetArrayLength() == 0)
        {
            throw ApiError.BadRequest("`tools` must not be an empty array. Either provide at least one tool or omit the field entirely. (parameter=tools)", "tools");
        }

        var word = choice is { ValueKind: JsonValueKind.String } text ? text.GetString() : choice is null ? tools is null ? "none" : "auto" : null;
        if (tools is not { } offered)
        {
            return word == "none" ? None : throw ApiError.BadRequest("When using `tool_choice`, `tools` must be set. (parameter=tool_choice)", "tool_choice");
        }

        return word switch
        {
            "none" => new ToolChoice(offered.GetRawText(), false, null),
            "auto" => Auto(offered, settings),
            "required" => Forced(offered.GetRawText(), "\"required\"", settings) with { Tools = offered.GetRawText() },
            _ => Named(offered, choice!.Value, settings),
        };
    }

    private static ToolChoice Auto(JsonElement tools, ServeSettings settings) => settings is { AutoToolChoice: true, ToolCallParser: not null }
        ? new ToolChoice(tools.GetRawText(), true, null)
        : throw ApiError.BadRequest("\"auto\" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set", null);

    private static ToolChoice Named(JsonElement tools, JsonElement choice, ServeSettings settings)
    {
        var name = NameOf(choice);
        foreach (var tool in tools.EnumerateArray())
        {
            if (name is not null && NameOf(tool) == name)
            {
                return Forced($"[{tool.GetRawText()}]", $"function \"{name}\"", settings) with { Tools = tools.GetRawText() };
            }
        }

        throw ApiError.BadRequest("The tool specified in `tool_choice` does not match any of the specified `tools` (parameter=tool_choice)", "tool_choice");
    }

    private static ToolChoice Forced(string callable, string shown, ServeSettings settings) => settings.ToolCallParser is not null
        ? new ToolChoice(null, true, new OutputConstraint(ConstraintKind.ToolCall, callable))
        : throw ApiError.BadRequest($"tool_choice={shown} requires --tool-call-parser to be set", null);

    private static string? NameOf(JsonElement tool) =>
        tool.ValueKind == JsonValueKind.Object
        && tool.TryGetProperty("function", out var function) && function.ValueKind == JsonValueKind.Object
        && function.TryGetProperty("name", out var name) && name.ValueKind == JsonValueKind.String
            ? name.GetString()
            : null;
}
