namespace AiInfra.MemoryService.Domains;

/// <summary>
/// Fields of knowledge and what a memory of one must be: section <c>Domains</c>. <c>general</c> asks for nothing; <c>code</c>,
/// <c>website</c>, <c>discussion</c> and <c>electronics</c> are shipped as examples, and a domain of the same name replaces one.
/// </summary>
public sealed class DomainsOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Domains";

    /// <summary>True accepts memories of domains that are not defined, without rules. Default true.</summary>
    public bool AllowOthers { get; set; } = true;

    /// <summary>The domains by name, 1 to 256 characters.</summary>
    public IDictionary<string, DomainOptions> Defined { get; } = new Dictionary<string, DomainOptions>(StringComparer.Ordinal);
}

/// <summary>One field of knowledge.</summary>
public sealed class DomainOptions
{
    /// <summary>What it is for, for people and models that choose one.</summary>
    public string Description { get; set; } = "";

    /// <summary>True stores a memory that breaks a rule and says so; otherwise it is refused (400). Default false.</summary>
    public bool Warn { get; set; }

    /// <summary>Subdomains that may be named; empty: any.</summary>
    public IList<string> Subdomains { get; } = [];

    /// <summary>Rules by field: <c>text</c>, <c>subdomain</c>, <c>type</c>, <c>source</c>, <c>speaker</c>, <c>tags</c> (each), or <c>metadata.NAME</c>.</summary>
    public IDictionary<string, FieldRuleOptions> Fields { get; } = new Dictionary<string, FieldRuleOptions>(StringComparer.Ordinal);

    /// <summary>Words and what means the same here: they widen keyword expansion, and searches within the domain.</summary>
    public IDictionary<string, string[]> Synonyms { get; } = new Dictionary<string, string[]>(StringComparer.OrdinalIgnoreCase);
}

/// <summary>What a field must be.</summary>
public sealed class FieldRuleOptions
{
    /// <summary>It must be there. Default false.</summary>
    public bool Required { get; set; }

    /// <summary>A .NET regular expression that the whole value must match; it may run 100 ms. Default: any value.</summary>
    public string? Pattern { get; set; }

    /// <summary>Characters at least. Default 0.</summary>
    public int MinLength { get; set; }

    /// <summary>Characters at most. Default: no limit of its own.</summary>
    public int MaxLength { get; set; } = int.MaxValue;

    /// <summary>The values that are allowed; empty: any.</summary>
    public IList<string> Allowed { get; } = [];
}
