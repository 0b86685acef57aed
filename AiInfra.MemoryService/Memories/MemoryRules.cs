using AiInfra.MemoryService.Storage;

namespace AiInfra.MemoryService.Memories;

/// <summary>What a memory must be to be stored. Each broken rule is named by its field.</summary>
internal static class MemoryRules
{
    private const int MaxNameLength = 256;
    private const int MaxTags = 64;
    private const int MaxMetadataLength = 16_384;

    /// <returns>Broken rules by field; empty when there are none.</returns>
    public static Dictionary<string, string[]> Broken(CreateMemoryRequest request, StorageOptions options)
    {
        var broken = new Dictionary<string, string[]>(StringComparer.Ordinal);
        Text(broken, request.Text, options);
        Name(broken, "sessionId", request.SessionId);
        Name(broken, "agentId", request.AgentId);
        Name(broken, "supersedes", request.Supersedes);
        Attributes(broken, request.Speaker, request.Tags, request.Domain, request.Subdomain, request.Type, request.Source, request.Confidence, request.Importance, request.Metadata?.ToJsonString().Length);
        if (request.TimeToLiveSeconds is <= 0 or > 3.2e9 or double.NaN)
        {
            broken["timeToLiveSeconds"] = ["More than 0 and at most 3,200,000,000 seconds."];
        }

        if (request is { TimeToLiveSeconds: not null, ExpiresAt: not null })
        {
            broken["expiresAt"] = ["Give expiresAt or timeToLiveSeconds, not both."];
        }

        return broken;
    }

    /// <inheritdoc cref="Broken(CreateMemoryRequest, StorageOptions)"/>
    public static Dictionary<string, string[]> Broken(UpdateMemoryRequest request, StorageOptions options)
    {
        var broken = new Dictionary<string, string[]>(StringComparer.Ordinal);
        if (request.Text is not null)
        {
            Text(broken, request.Text, options);
        }

        Attributes(broken, request.Speaker, request.Tags, request.Domain, request.Subdomain, request.Type, request.Source, request.Confidence, request.Importance, request.Metadata?.ToJsonString().Length);
        return broken;
    }

    private static void Text(Dictionary<string, string[]> broken, string? text, StorageOptions options)
    {
        if (string.IsNullOrWhiteSpace(text))
        {
            broken["text"] = ["A memory needs a text."];
        }
        else if (text.Length > options.MaxTextLength)
        {
            broken["text"] = [$"At most {options.MaxTextLength} characters; this text has {text.Length}."];
        }
        else if (text.Contains('\0', StringComparison.Ordinal))
        {
            broken["text"] = ["The character U+0000 cannot be stored."];
        }
    }

    private static void Attributes(
        Dictionary<string, string[]> broken, string? speaker, IReadOnlyList<string>? tags, string? domain, string? subdomain, string? type,
        string? source, double? confidence, double? importance, int? metadataLength)
    {
        Name(broken, "speaker", speaker);
        Name(broken, "domain", domain);
        Name(broken, "subdomain", subdomain);
        Name(broken, "type", type);
        Name(broken, "source", source);
        Share(broken, "confidence", confidence);
        Share(broken, "importance", importance);
        if (tags is { Count: > MaxTags } || tags?.Any(tag => string.IsNullOrWhiteSpace(tag) || tag.Length > MaxNameLength) is true)
        {
            broken["tags"] = [$"At most {MaxTags} tags of 1 to {MaxNameLength} characters."];
        }

        if (metadataLength > MaxMetadataLength)
        {
            broken["metadata"] = [$"At most {MaxMetadataLength} characters of JSON."];
        }
    }

    private static void Name(Dictionary<string, string[]> broken, string field, string? value)
    {
        if (value is not null && (string.IsNullOrWhiteSpace(value) || value.Length > MaxNameLength))
        {
            broken[field] = [$"1 to {MaxNameLength} characters."];
        }
    }

    private static void Share(Dictionary<string, string[]> broken, string field, double? value)
    {
        if (value is < 0 or > 1 or double.NaN)
        {
            broken[field] = ["A number from 0 to 1."];
        }
    }
}
