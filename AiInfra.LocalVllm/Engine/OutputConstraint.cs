namespace AiInfra.LocalVllm.Engine;

/// <summary>What the answer's text must parse as.</summary>
/// <param name="Kind">The kind of grammar.</param>
/// <param name="Definition">JSON schema, regular expression, EBNF grammar, or a JSON array of strings for <see cref="ConstraintKind.Choice"/>, the array of callable
/// tools (as the caller's <c>tools</c>) for <see cref="ConstraintKind.ToolCall"/>; empty for <see cref="ConstraintKind.JsonObject"/>.</param>
internal sealed record OutputConstraint(ConstraintKind Kind, string Definition);

/// <summary>The kinds of grammar that vLLM's <c>response_format</c> and <c>structured_outputs</c> know.</summary>
internal enum ConstraintKind
{
    JsonObject,
    JsonSchema,
    Choice,
    Regex,
    Grammar,

    /// <summary>One call in Hermes' form: <c>&lt;tool_call&gt;\n{"name": NAME, "arguments": OBJECT}\n&lt;/tool_call&gt;</c>, the object by the tool's schema.</summary>
    ToolCall,
}
