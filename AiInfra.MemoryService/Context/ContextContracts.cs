using System.Text.Json.Serialization;
using AiInfra.MemoryService.Search;

namespace AiInfra.MemoryService.Context;

/// <param name="MaxTokens">Word pieces of the text at most, 16 to 32,000; 1,000 unless said. Models count a little less or more.</param>
internal sealed record ContextRequest(string? Query, int? MaxTokens = null, SearchFilter? Filter = null);

/// <param name="Number">The mark in the text, for example 1 for <c>[1]</c>.</param>
internal sealed record CitationResponse(int Number, string Id, double Score);

/// <param name="Text">The memories as numbered lines, oldest first; empty when none bears on the question.</param>
/// <param name="Tokens">Word pieces of the text.</param>
internal sealed record ContextResponse(string Text, int Tokens, IReadOnlyList<CitationResponse> Citations);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ContextRequest))]
[JsonSerializable(typeof(ContextResponse))]
internal sealed partial class ContextJson : JsonSerializerContext;
