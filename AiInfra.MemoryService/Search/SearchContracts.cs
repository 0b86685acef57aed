using System.Text.Json.Serialization;
using AiInfra.MemoryService.Memories;

namespace AiInfra.MemoryService.Search;

/// <summary>A question to the memories.</summary>
/// <param name="Query">What is asked, in plain words.</param>
/// <param name="Limit">Results wanted; 10 unless said.</param>
/// <param name="Ranking">See <see cref="Search.Ranking"/>; <c>hybrid</c> unless said.</param>
/// <param name="Explain">Give the terms of each score.</param>
/// <param name="Filter">Which memories may be found.</param>
/// <param name="Boost">What importance, confidence and age count for, in place of the default.</param>
internal sealed record SearchRequest(
    string? Query, int? Limit = null, Ranking? Ranking = null, bool Explain = false, SearchFilter? Filter = null, SearchBoost? Boost = null);

/// <summary>Weights of what a memory is worth by itself, 0 to 10 each. The best score without them is about 6.</summary>
/// <param name="Importance">Of importance above or below 0.5; 0.3 unless said.</param>
/// <param name="Confidence">Of what confidence lacks to 1; 0.3 unless said.</param>
/// <param name="Recency">Of newness, which halves with each half-life; 0 unless said. Pinned memories do not fade.</param>
/// <param name="HalfLifeDays">More than 0, at most 36,500; 30 unless said.</param>
internal sealed record SearchBoost(double? Importance = null, double? Confidence = null, double? Recency = null, double? HalfLifeDays = null)
{
    public bool IsValid =>
        new[] { Importance, Confidence, Recency }.All(weight => weight is null or (>= 0 and <= 10)) && HalfLifeDays is null or (> 0 and <= 36_500);

    public SearchWeights Over(SearchWeights weights) => weights with
    {
        Importance = (float)(Importance ?? weights.Importance),
        Confidence = (float)(Confidence ?? weights.Confidence),
        Recency = (float)(Recency ?? weights.Recency),
        RecencyHalfLifeDays = (float)(HalfLifeDays ?? weights.RecencyHalfLifeDays),
    };
}

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
/// <param name="Worth">Importance, confidence and recency together.</param>
/// <param name="Answer">It follows a question like the one that is asked.</param>
internal sealed record ExplainResponse(float Lexical, float Dense, float LateInteraction, float Speaker, float Calendar, float Question, float Worth, float Answer);

internal sealed record SearchResultResponse(MemoryResponse Memory, double Score, ExplainResponse? Explain)
{
    public static SearchResultResponse Of(FoundMemory hit, bool explain)
    {
        var terms = hit.Terms;
        return new SearchResultResponse(
            MemoryResponse.Of(hit.Memory),
            hit.Score,
            explain ? new ExplainResponse(terms.Lexical, terms.Dense, terms.LateInteraction, terms.Speaker, terms.Calendar, terms.Question, terms.Worth, terms.Answer) : null);
    }
}

internal sealed record SearchResponse(IReadOnlyList<SearchResultResponse> Results);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, AllowDuplicateProperties = false)]
[JsonSerializable(typeof(SearchRequest))]
[JsonSerializable(typeof(SearchResponse))]
internal sealed partial class SearchJson : JsonSerializerContext;
