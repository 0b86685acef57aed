using AiInfra.MemoryService.Memories;

namespace AiInfra.MemoryService.Search;

/// <summary>Which memories may be found. Every given condition must hold. A filter changes no statistic, and so no score.</summary>
/// <param name="ExceptSessionId">Not from this session.</param>
/// <param name="TagsAny">At least one of these tags.</param>
/// <param name="TagsAll">All of these tags.</param>
/// <param name="MinConfidence">0 to 1.</param>
/// <param name="After">Said or happened at this time or later.</param>
/// <param name="Before">Said or happened before this time.</param>
/// <param name="AsOf">As the memories stood then: nothing stored later, and what was superseded later is back.</param>
/// <param name="IncludeSuperseded">Also memories that newer ones replaced.</param>
/// <param name="IncludeQuarantined">Also memories in quarantine.</param>
internal sealed record SearchFilter(
    string? SessionId = null,
    string? ExceptSessionId = null,
    string? AgentId = null,
    string? Speaker = null,
    string? Domain = null,
    string? Subdomain = null,
    string? Type = null,
    string? Source = null,
    IReadOnlyList<string>? TagsAny = null,
    IReadOnlyList<string>? TagsAll = null,
    double? MinConfidence = null,
    DateTimeOffset? After = null,
    DateTimeOffset? Before = null,
    DateTimeOffset? AsOf = null,
    bool IncludeSuperseded = false,
    bool IncludeQuarantined = false,
    MetadataFilter? Metadata = null)
{
    public static readonly SearchFilter None = new();

    public bool Admits(IndexedMemory memory, DateTimeOffset now)
    {
        var attributes = memory.Attributes;
        return Lives(attributes, memory.CreatedAt, now)
            && Equal(SessionId, attributes.SessionId)
            && (ExceptSessionId is null || ExceptSessionId != attributes.SessionId)
            && Equal(AgentId, attributes.AgentId)
            && Equal(Speaker, attributes.Speaker)
            && Equal(Domain, attributes.Domain)
            && Equal(Subdomain, attributes.Subdomain)
            && Equal(Type, attributes.Type)
            && Equal(Source, attributes.Source)
            && !(attributes.Confidence < MinConfidence)
            && !(attributes.Timestamp < After)
            && !(attributes.Timestamp >= Before)
            && (TagsAny is not { Count: > 0 } any || Holding(attributes.Tags, any) > 0)
            && (TagsAll is not { Count: > 0 } all || Holding(attributes.Tags, all) == all.Count)
            && (Metadata is null || Metadata.Admits(attributes.Metadata));
    }

    private bool Lives(MemoryAttributes attributes, DateTimeOffset createdAt, DateTimeOffset now) =>
        (IncludeQuarantined || !attributes.Quarantined)
        && !MemoryStore.IsExpired(attributes, AsOf ?? now)
        && !(createdAt > AsOf)
        && (IncludeSuperseded || attributes.SupersededBy is null || attributes.SupersededAt > AsOf);

    // Asked of every memory of a large scope: no LINQ.
    private static int Holding(IReadOnlyList<string> tags, IReadOnlyList<string> wanted)
    {
        var holding = 0;
        for (var w = 0; w < wanted.Count; w++)
        {
            for (var t = 0; t < tags.Count; t++)
            {
                if (string.Equals(tags[t], wanted[w], StringComparison.Ordinal))
                {
                    holding++;
                    break;
                }
            }
        }

        return holding;
    }

    private static bool Equal(string? wanted, string? value) => wanted is null || wanted == value;
}
