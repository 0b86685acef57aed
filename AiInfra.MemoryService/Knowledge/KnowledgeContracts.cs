using System.Text.Json.Serialization;
using AiInfra.MemoryService.Memories;

namespace AiInfra.MemoryService.Knowledge;

/// <summary>How many memories there are, and of what kind. Each list holds the most frequent values first, at most 50.</summary>
internal sealed record StatisticsResponse(
    int Memories, int Sessions, int Pinned, int Superseded, int Quarantined, DateTimeOffset? Oldest, DateTimeOffset? Newest,
    IReadOnlyList<CountResponse> Domains, IReadOnlyList<CountResponse> Types, IReadOnlyList<CountResponse> Tags, IReadOnlyList<CountResponse> Speakers);

internal sealed record CountResponse(string Name, int Memories);

internal sealed record ExpandKeywordsRequest(IReadOnlyList<string>? Keywords, int? Limit = null, string? Domain = null);

/// <param name="Weight">How much more often than by chance it stands beside the keywords, as a logarithm.</param>
/// <param name="FromVocabulary">True when it is a synonym that a domain defines; its weight is 0 then.</param>
internal sealed record KeywordResponse(string Keyword, int Memories, double Weight, bool FromVocabulary = false);

internal sealed record KeywordsResponse(IReadOnlyList<KeywordResponse> Keywords);

/// <param name="Similarity">Cosine of the sentence vectors, at most 1. Opposites and negations are near too: it proves no equality.</param>
internal sealed record SimilarMemoryResponse(MemoryResponse Memory, double Similarity);

internal sealed record SimilarMemoriesResponse(IReadOnlyList<SimilarMemoryResponse> Memories);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(StatisticsResponse))]
[JsonSerializable(typeof(ExpandKeywordsRequest))]
[JsonSerializable(typeof(KeywordsResponse))]
[JsonSerializable(typeof(SimilarMemoriesResponse))]
internal sealed partial class KnowledgeJson : JsonSerializerContext;
