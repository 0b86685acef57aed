using System.Text.Json.Serialization;
using AiInfra.MemoryService.Memories;

namespace AiInfra.MemoryService.Search;

/// <summary>A question to the memories.</summary>
/// <param name="Query">What is asked, in plain words.</param>
/// <param name="Limit">Results wanted; 10 unless said.</param>
/// <param name="Ranking">See <see cref="Search.Ranking"/>; <c>hybrid</c> unless said.</param>
/// <param name="Explain">Give the terms of each score.</param>
/// <param name="Filter">Which memories may be found.</param>
internal sealed record SearchRequest(string? Query, int? Limit = null, Ranking? Ranking = null, bool Explain = false, SearchFilter? Filter = null);

/// <summary>How memories are ranked. All but the first are there to compare with.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<Ranking>))]
internal enum Ranking
{
    /// <summary>Every term: words, meaning, late interaction, speaker, date, form.</summary>
    [JsonStringEnumMemberName("hybrid")]
    Hybrid,

    /// <summary>The same without late interaction.</summary>
    [JsonStringEnumMemberName("hybridWithoutLateInteraction")]
    HybridWithoutLateInteraction,

    /// <summary>BM25 on each memory's own words.</summary>
    [JsonStringEnumMemberName("lexical")]
    Lexical,

    /// <summary>Cosine of the sentence vectors.</summary>
    [JsonStringEnumMemberName("dense")]
    Dense,

    /// <summary>Reciprocal ranks of <see cref="Lexical"/> and <see cref="Dense"/>, equally weighted.</summary>
    [JsonStringEnumMemberName("reciprocalRank")]
    ReciprocalRank,
}

/// <summary>The weighted terms that add up to a score.</summary>
internal sealed record ExplainResponse(float Lexical, float Dense, float LateInteraction, float Speaker, float Calendar, float Question);

internal sealed record SearchResultResponse(MemoryResponse Memory, double Score, ExplainResponse? Explain)
{
    public static SearchResultResponse Of(FoundMemory hit, bool explain)
    {
        var terms = hit.Terms;
        return new SearchResultResponse(
            MemoryResponse.Of(hit.Memory),
            hit.Score,
            explain ? new ExplainResponse(terms.Lexical, terms.Dense, terms.LateInteraction, terms.Speaker, terms.Calendar, terms.Question) : null);
    }
}

internal sealed record SearchResponse(IReadOnlyList<SearchResultResponse> Results);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, AllowDuplicateProperties = false)]
[JsonSerializable(typeof(SearchRequest))]
[JsonSerializable(typeof(SearchResponse))]
internal sealed partial class SearchJson : JsonSerializerContext;
