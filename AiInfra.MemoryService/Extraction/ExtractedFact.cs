using System.Text.Json.Serialization;

namespace AiInfra.MemoryService.Extraction;

/// <summary>A fact as the model gives it.</summary>
/// <param name="Text">One sentence that can be understood alone.</param>
/// <param name="From">Numbers of the messages that say it, from 1.</param>
/// <param name="Replaces">Number of the known fact that it brings up to date, from 1; 0 for none.</param>
internal sealed record ExtractedFact(string? Text, IReadOnlyList<int>? From, int Replaces = 0);

internal sealed record ExtractedFacts(IReadOnlyList<ExtractedFact>? Facts);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(ExtractedFacts))]
internal sealed partial class ExtractionJson : JsonSerializerContext;
