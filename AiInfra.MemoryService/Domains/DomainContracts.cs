using System.Text.Json.Serialization;

namespace AiInfra.MemoryService.Domains;

/// <summary>A field of knowledge and what its memories must be.</summary>
internal sealed record DomainResponse(
    string Name, string Description, bool Warn, IReadOnlyList<string> Subdomains, IReadOnlyDictionary<string, FieldRuleResponse> Fields,
    IReadOnlyDictionary<string, string[]> Synonyms)
{
    public static DomainResponse Of(string name, DomainOptions domain) => new(
        name, domain.Description, domain.Warn, [.. domain.Subdomains],
        domain.Fields.ToDictionary(field => field.Key, field => FieldRuleResponse.Of(field.Value)), domain.Synonyms.ToDictionary(entry => entry.Key, entry => entry.Value));
}

internal sealed record FieldRuleResponse(bool Required, string? Pattern, int? MinLength, int? MaxLength, IReadOnlyList<string>? Allowed)
{
    public static FieldRuleResponse Of(FieldRuleOptions rule) => new(
        rule.Required, rule.Pattern, rule.MinLength > 0 ? rule.MinLength : null, rule.MaxLength < int.MaxValue ? rule.MaxLength : null,
        rule.Allowed.Count > 0 ? [.. rule.Allowed] : null);
}

internal sealed record DomainsResponse(IReadOnlyList<DomainResponse> Domains)
{
    public static DomainsResponse Of(DomainTable table) =>
        new([.. table.All.OrderBy(domain => domain.Key, StringComparer.Ordinal).Select(domain => DomainResponse.Of(domain.Key, domain.Value))]);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(DomainsResponse))]
internal sealed partial class DomainJson : JsonSerializerContext;
