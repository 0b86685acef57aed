using System.Text.Json.Nodes;

namespace AiInfra.MemoryService.Search;

/// <summary>
/// A condition on a memory's metadata: one on a field, or others joined, for example
/// <c>{"and":[{"field":"rack","min":3},{"not":{"field":"color","equals":"red"}}]}</c>.
/// </summary>
/// <param name="Field">Name of a field; a dot leads into an object.</param>
/// <param name="EqualTo">The field's value.</param>
/// <param name="In">One of these is the field's value.</param>
/// <param name="Min">The field is a number and at least this.</param>
/// <param name="Max">The field is a number and at most this.</param>
internal sealed record MetadataFilter(
    string? Field = null,
    [property: System.Text.Json.Serialization.JsonPropertyName("equals")] JsonNode? EqualTo = null,
    IReadOnlyList<JsonNode?>? In = null,
    double? Min = null,
    double? Max = null,
    IReadOnlyList<MetadataFilter>? And = null,
    IReadOnlyList<MetadataFilter>? Or = null,
    MetadataFilter? Not = null)
{
    private const int MaxDepth = 8;

    /// <summary>A memory that lacks the field meets no condition on it, and so meets the negation.</summary>
    public bool Admits(JsonObject? metadata) =>
        (Field is null || AdmitsField(Value(metadata)))
        && (And is null || And.All(filter => filter.Admits(metadata)))
        && (Or is null || Or.Any(filter => filter.Admits(metadata)))
        && (Not is null || !Not.Admits(metadata));

    /// <summary>False when it is empty, or nested deeper than any real condition.</summary>
    public bool IsValid(int depth = 0) =>
        depth < MaxDepth
        && (Field is not null || And is not null || Or is not null || Not is not null)
        && (And ?? []).All(filter => filter.IsValid(depth + 1))
        && (Or ?? []).All(filter => filter.IsValid(depth + 1))
        && (Not?.IsValid(depth + 1) ?? true);

    private bool AdmitsField(JsonNode? value) =>
        value is not null
        && (EqualTo is null || JsonNode.DeepEquals(value, EqualTo))
        && (In is null || In.Any(wanted => JsonNode.DeepEquals(value, wanted)))
        && (Min is null || Number(value) >= Min)
        && (Max is null || Number(value) <= Max);

    private JsonNode? Value(JsonObject? metadata)
    {
        JsonNode? value = metadata;
        foreach (var part in Field!.Split('.'))
        {
            value = value is JsonObject container && container.TryGetPropertyValue(part, out var inner) ? inner : null;
        }

        return value;
    }

    private static double? Number(JsonNode value) => value is JsonValue number && number.TryGetValue(out double result) ? result : null;
}
