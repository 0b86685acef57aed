using System.Text;
using System.Text.Json;

namespace AiInfra.LocalVllm.Http;

/// <summary>Collects what is wrong with a body's fields and reports it in the words of vLLM's body validation.</summary>
internal sealed class ValidationIssues
{
    private readonly List<(string Type, string Location, string Message, string Input, string? Context)> _issues = [];

    public int Count => _issues.Count;

    /// <param name="type">Pydantic's word for the kind.</param>
    /// <param name="location">Dotted path, beginning with <c>body</c>.</param>
    /// <param name="message">What was expected.</param>
    /// <param name="input">What came, as <see cref="Describe(JsonElement)"/> shows it.</param>
    /// <param name="context">A Python dictionary's text, or null.</param>
    public void Add(string type, string location, string message, string input, string? context = null) =>
        _issues.Add((type, location, message, input, context));

    public void ThrowIfAny()
    {
        if (_issues.Count > 0)
        {
            throw ToError();
        }
    }

    public static ApiError Missing(string location, string input)
    {
        var issues = new ValidationIssues();
        issues.Add("missing", location, "Field required", input);
        return issues.ToError();
    }

    public static ApiError InvalidJson(int position, string message)
    {
        var issues = new ValidationIssues();
        issues.Add("json_invalid", $"body.{position}", "JSON decode error", "<dict of 0 items>", $"{{'error': {Quote(message)}}}");
        return issues.ToError();
    }

    public static ApiError Single(string text) => new(400, "Bad Request", $"1 validation error:\n  {text}", null) { FromBody = true };

    /// <summary>A value as Python prints it, containers by their size.</summary>
    public static string Describe(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => $"<dict of {value.EnumerateObject().Select(property => property.Name).Distinct().Count()} items>",
        JsonValueKind.Array => $"<list of {value.GetArrayLength()} items>",
        JsonValueKind.String => value.GetString() ?? "",
        JsonValueKind.True => "True",
        JsonValueKind.False => "False",
        JsonValueKind.Null or JsonValueKind.Undefined => "None",
        _ => value.GetRawText(),
    };

    private ApiError ToError()
    {
        const int shown = 5;
        var text = new StringBuilder($"{_issues.Count} validation error{(_issues.Count == 1 ? "" : "s")}:");
        foreach (var (type, location, message, input, context) in _issues.Take(_issues.Count > shown + 3 ? shown : _issues.Count))
        {
            text.Append($"\n  {{'type': '{type}', 'loc': '{location}', 'msg': {Quote(message)}, 'input': {Quote(input)}");
            text.Append(context is null ? "}" : $", 'ctx': {context}}}");
        }

        return new ApiError(400, "Bad Request", text.ToString(), _issues[0].Location) { FromBody = true };
    }

    // Python chooses double quotes when a text holds single ones.
    private static string Quote(string text) => text.Contains('\'') && !text.Contains('"') ? $"\"{text}\"" : $"'{text}'";
}
