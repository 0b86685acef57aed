using System.Text.Json.Serialization;
using AiInfra.MemoryService.Memories;

namespace AiInfra.MemoryService.Export;

/// <summary>A memory as one line of NDJSON: all that is known of it but what can be worked out again (vectors, indexes).</summary>
internal sealed record ExportedMemory(string? Id, string? Text, int Version, DateTimeOffset CreatedAt, DateTimeOffset UpdatedAt, MemoryAttributes? Attributes)
{
    public static ExportedMemory Of(MemoryRecord memory) =>
        new(memory.Id, memory.Text, memory.Version, memory.CreatedAt, memory.UpdatedAt, memory.Attributes);
}

/// <param name="Line">Counted from 1.</param>
internal sealed record RefusedLine(long Line, string Problem);

/// <summary>What an import did. Refused lines are named, at most 100 of them; the others are stored.</summary>
internal sealed record ImportResponse(long Imported, long Replaced, long Unchanged, long Refused, IReadOnlyList<RefusedLine> Problems);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, AllowDuplicateProperties = false)]
[JsonSerializable(typeof(ExportedMemory))]
[JsonSerializable(typeof(ImportResponse))]
internal sealed partial class ExportJson : JsonSerializerContext;
