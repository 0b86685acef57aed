using Microsoft.Extensions.Options;

namespace AiInfra.MemoryService.Domains;

/// <summary>Says which key of the section is wrong, and how.</summary>
internal sealed class DomainsOptionsValidator : IValidateOptions<DomainsOptions>
{
    private static readonly string[] Fields = ["text", "subdomain", "type", "source", "speaker", "tags"];

    public ValidateOptionsResult Validate(string? name, DomainsOptions options)
    {
        var problems = options.Defined.SelectMany(domain => Problems($"Domains:Defined:{domain.Key}", domain.Key, domain.Value)).ToList();
        return problems.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(problems);
    }

    private static IEnumerable<string> Problems(string key, string name, DomainOptions domain)
    {
        if (name.Length > 256)
        {
            yield return $"{key}: a name has at most 256 characters.";
        }

        foreach (var (field, rule) in domain.Fields)
        {
            if (!Fields.Contains(field) && !(field.StartsWith("metadata.", StringComparison.Ordinal) && field.Length > "metadata.".Length))
            {
                yield return $"{key}:Fields:{field}: it must be {string.Join(", ", Fields)} or metadata.NAME.";
            }

            if (rule.MinLength < 0 || rule.MaxLength < rule.MinLength)
            {
                yield return $"{key}:Fields:{field}: MinLength must be 0 to MaxLength.";
            }

            if (rule.Pattern is { } pattern && !IsPattern(pattern))
            {
                yield return $"{key}:Fields:{field}:Pattern is no regular expression: {pattern}";
            }
        }
    }

    private static bool IsPattern(string pattern)
    {
        try
        {
            DomainTable.Compile(pattern);
            return true;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }
}
