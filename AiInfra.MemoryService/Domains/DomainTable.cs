using System.Collections.Frozen;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using AiInfra.MemoryService.Memories;
using Microsoft.Extensions.Options;

namespace AiInfra.MemoryService.Domains;

/// <summary>The domains in force: the shipped ones, and what configuration puts beside or in the place of them.</summary>
internal sealed class DomainTable
{
    private static readonly TimeSpan PatternTime = TimeSpan.FromMilliseconds(100);

    private readonly FrozenDictionary<string, DomainOptions> _domains;
    private readonly FrozenDictionary<string, Regex> _patterns;
    private readonly bool _allowsOthers;

    public DomainTable(IOptions<DomainsOptions> options)
    {
        _domains = ShippedDomains.All.Concat(options.Value.Defined).GroupBy(domain => domain.Key, StringComparer.Ordinal)
            .ToFrozenDictionary(group => group.Key, group => group.Last().Value, StringComparer.Ordinal);
        _patterns = _domains.Values.SelectMany(domain => domain.Fields.Values).Select(field => field.Pattern).OfType<string>().Distinct(StringComparer.Ordinal)
            .ToFrozenDictionary(pattern => pattern, Compile, StringComparer.Ordinal);
        _allowsOthers = options.Value.AllowOthers;
    }

    public IReadOnlyDictionary<string, DomainOptions> All => _domains;

    /// <summary>The whole value must match, in time that no input can stretch.</summary>
    public static Regex Compile(string pattern) => new($"^(?:{pattern})$", RegexOptions.CultureInvariant, PatternTime);

    /// <summary>Words that mean the same as this one in the domain, or in any when none is named.</summary>
    public IEnumerable<string> SynonymsOf(string word, string? domain) =>
        (domain is null ? _domains.Values : _domains.TryGetValue(domain, out var one) ? [one] : Enumerable.Empty<DomainOptions>())
            .SelectMany(options => options.Synonyms)
            .Where(entry => entry.Key.Equals(word, StringComparison.OrdinalIgnoreCase) || entry.Value.Contains(word, StringComparer.OrdinalIgnoreCase))
            .SelectMany(entry => entry.Value.Prepend(entry.Key))
            .Where(other => !other.Equals(word, StringComparison.OrdinalIgnoreCase))
            .Distinct(StringComparer.OrdinalIgnoreCase);

    /// <summary>What of the memory's domain it breaks, by field.</summary>
    /// <param name="memory">As it would be stored.</param>
    /// <param name="onlyWarns">True when the domain stores it all the same.</param>
    public Dictionary<string, string[]> Broken(MemoryRecord memory, out bool onlyWarns)
    {
        var broken = new Dictionary<string, string[]>(StringComparer.Ordinal);
        onlyWarns = false;
        if (!_domains.TryGetValue(memory.Attributes.Domain, out var domain))
        {
            if (!_allowsOthers)
            {
                broken["domain"] = [$"One of {string.Join(", ", _domains.Keys.Order(StringComparer.Ordinal))}."];
            }

            return broken;
        }

        onlyWarns = domain.Warn;
        if (memory.Attributes.Subdomain is { } subdomain && domain.Subdomains.Count > 0 && !domain.Subdomains.Contains(subdomain))
        {
            broken["subdomain"] = [$"One of {string.Join(", ", domain.Subdomains)} in the domain {memory.Attributes.Domain}."];
        }

        foreach (var (name, rule) in domain.Fields)
        {
            var problems = Problems(rule, Values(memory, name)).ToArray();
            if (problems.Length > 0)
            {
                broken[name] = problems;
            }
        }

        return broken;
    }

    private IEnumerable<string> Problems(FieldRuleOptions rule, IReadOnlyList<string> values)
    {
        if (rule.Required && values.All(string.IsNullOrWhiteSpace))
        {
            yield return "The domain requires it.";
        }

        foreach (var value in values)
        {
            if (value.Length < rule.MinLength || value.Length > rule.MaxLength)
            {
                yield return rule.MaxLength == int.MaxValue ? $"At least {rule.MinLength} characters." : $"{rule.MinLength} to {rule.MaxLength} characters.";
            }
            else if (rule.Allowed.Count > 0 && !rule.Allowed.Contains(value))
            {
                yield return $"One of {string.Join(", ", rule.Allowed)}.";
            }
            else if (rule.Pattern is { } pattern && !Matches(pattern, value))
            {
                yield return $"It must match {pattern}.";
            }
        }
    }

    private bool Matches(string pattern, string value)
    {
        try
        {
            return _patterns[pattern].IsMatch(value);
        }
        catch (RegexMatchTimeoutException)
        {
            return false;
        }
    }

    private static IReadOnlyList<string> Values(MemoryRecord memory, string field)
    {
        var attributes = memory.Attributes;
        return field switch
        {
            "text" => [memory.Text],
            "subdomain" => Of(attributes.Subdomain),
            "type" => Of(attributes.Type),
            "source" => Of(attributes.Source),
            "speaker" => Of(attributes.Speaker),
            "tags" => attributes.Tags,
            _ => attributes.Metadata?[field["metadata.".Length..]] is JsonValue value ? [value.ToString()] : [],
        };

        static IReadOnlyList<string> Of(string? value) => value is null ? [] : [value];
    }
}
