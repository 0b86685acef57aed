using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using AiInfra.MemoryService.Memories;

namespace AiInfra.MemoryService.Search;

/// <summary>
/// Which rows carry a value of an attribute or of a metadata field, so that a filter need not ask every memory. Two values may share a
/// list and dead rows stay in theirs: whoever reads one asks its memories again.
/// </summary>
internal sealed class AttributeRows
{
    private static readonly List<int> Nowhere = [];

    // By a hash of field and value: no value is kept a second time.
    private readonly Dictionary<int, List<int>> _rows = [];

    public IReadOnlyList<int> With(string field, string value) => _rows.GetValueOrDefault(Key(field, value), Nowhere);

    /// <param name="field">A metadata field; a dot leads into an object.</param>
    /// <param name="value">What it is to be.</param>
    /// <returns>Null for a value of which no list is kept: an object or an array.</returns>
    public IReadOnlyList<int>? WithMetadata(string field, JsonNode? value) =>
        value is null ? Nowhere : Scalar(value) is { } scalar ? With(MetadataField(field), scalar) : null;

    public void Add(int row, MemoryAttributes attributes)
    {
        Add(row, nameof(attributes.SessionId), attributes.SessionId);
        Add(row, nameof(attributes.AgentId), attributes.AgentId);
        Add(row, nameof(attributes.Speaker), attributes.Speaker);
        Add(row, nameof(attributes.Domain), attributes.Domain);
        Add(row, nameof(attributes.Subdomain), attributes.Subdomain);
        Add(row, nameof(attributes.Type), attributes.Type);
        Add(row, nameof(attributes.Source), attributes.Source);
        foreach (var tag in attributes.Tags)
        {
            Add(row, nameof(attributes.Tags), tag);
        }

        AddFields(row, "", attributes.Metadata);
    }

    public void Clear() => _rows.Clear();

    private void AddFields(int row, string within, JsonObject? fields)
    {
        foreach (var (name, value) in fields ?? [])
        {
            if (value is JsonObject inner)
            {
                AddFields(row, $"{within}{name}.", inner);
            }
            else if (value is not null && Scalar(value) is { } scalar)
            {
                Add(row, MetadataField($"{within}{name}"), scalar);
            }
        }
    }

    private void Add(int row, string field, string? value)
    {
        if (value is null)
        {
            return;
        }

        ref var rows = ref System.Runtime.InteropServices.CollectionsMarshal.GetValueRefOrAddDefault(_rows, Key(field, value), out _);
        rows ??= [];
        // Two values of one memory may meet in a list.
        if (rows.Count == 0 || rows[^1] != row)
        {
            rows.Add(row);
        }
    }

    // Equal numbers may be written in different ways: they are told apart by value alone.
    private static string? Scalar(JsonNode value) => value.GetValueKind() switch
    {
        JsonValueKind.String => $"\"{value.GetValue<string>()}",
        JsonValueKind.Number => double.Parse(value.ToJsonString(), CultureInfo.InvariantCulture).ToString("R", CultureInfo.InvariantCulture),
        JsonValueKind.True => "true",
        JsonValueKind.False => "false",
        _ => null,
    };

    private static string MetadataField(string field) => $".{field}";

    private static int Key(string field, string value) => HashCode.Combine(field, value);
}
