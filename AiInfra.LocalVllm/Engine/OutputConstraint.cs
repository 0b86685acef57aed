namespace AiInfra.LocalVllm.Engine;

/// <summary>What the answer's text must parse as.</summary>
/// <param name="Kind">The kind of grammar.</param>
/// <param name="Definition">JSON schema, regular expression, EBNF grammar, or a JSON array of strings for <see cref="ConstraintKind.Choice"/>; empty for <see cref="ConstraintKind.JsonObject"/>.</param>
internal sealed record OutputConstraint(ConstraintKind Kind, string Definition);

/// <summary>The kinds of grammar that vLLM's <c>response_format</c> and <c>structured_outputs</c> know.</summary>
internal enum ConstraintKind
{
    JsonObject,
    JsonSchema,
    Choice,
    Regex,
    Grammar,
}
