using System.Text.Json;

namespace AiInfra.AppHost.Planning;

/// <summary>A config.json whose text part may be nested: names are looked up there first, then at the top.</summary>
internal readonly struct ConfigNumbers(JsonElement root)
{
    private readonly JsonElement _root = root;

    private readonly JsonElement _text = Part(root, "text_config") ?? Part(root, "language_config") ?? Part(root, "llm_config") ?? root;

    public JsonElement? Find(params ReadOnlySpan<string> names)
    {
        foreach (var name in names)
        {
            if ((_text.TryGetProperty(name, out var value) || _root.TryGetProperty(name, out value)) && value.ValueKind != JsonValueKind.Null)
            {
                return value;
            }
        }

        return null;
    }

    public int? Integer(params ReadOnlySpan<string> names) =>
        Find(names) is { ValueKind: JsonValueKind.Number } value && value.TryGetDouble(out var number) ? checked((int)number) : null;

    public int Required(params ReadOnlySpan<string> names) => Integer(names) is { } value and > 0
        ? value
        : throw new PlanInputException(
            $"The model's config has no positive '{names[0]}'.", "Give the config.json that lies beside the model's weights.");

    public string? Text(params ReadOnlySpan<string> names) => Find(names) is { ValueKind: JsonValueKind.String } value ? value.GetString() : null;

    public bool Flag(string name) => Find(name) is { ValueKind: JsonValueKind.True };

    public IReadOnlyList<JsonElement> List(params ReadOnlySpan<string> names) =>
        Find(names) is { ValueKind: JsonValueKind.Array } value ? [.. value.EnumerateArray()] : [];

    private static JsonElement? Part(JsonElement root, string name) =>
        root.TryGetProperty(name, out var part) && part.ValueKind == JsonValueKind.Object ? part : null;

    public bool IsOff(string name) => Find(name) is { ValueKind: JsonValueKind.False };
}
