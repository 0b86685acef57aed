using System.Text.Json.Nodes;

namespace AiInfra.MemoryService.Memories;

/// <summary>A memory to store. Only the text is needed.</summary>
internal sealed record CreateMemoryRequest(
    string? Text,
    string? SessionId = null,
    string? AgentId = null,
    string? Speaker = null,
    DateTimeOffset? Timestamp = null,
    IReadOnlyList<string>? Tags = null,
    string? Domain = null,
    string? Subdomain = null,
    string? Type = null,
    string? Source = null,
    double? Confidence = null,
    double? Importance = null,
    bool? Pinned = null,
    bool? Quarantined = null,
    JsonObject? Metadata = null,
    DateTimeOffset? ExpiresAt = null,
    double? TimeToLiveSeconds = null,
    string? Supersedes = null);

/// <summary>Changes of a memory: what is null stays as it is.</summary>
internal sealed record UpdateMemoryRequest(
    string? Text = null,
    string? Speaker = null,
    DateTimeOffset? Timestamp = null,
    IReadOnlyList<string>? Tags = null,
    string? Domain = null,
    string? Subdomain = null,
    string? Type = null,
    string? Source = null,
    double? Confidence = null,
    double? Importance = null,
    bool? Pinned = null,
    bool? Quarantined = null,
    JsonObject? Metadata = null,
    DateTimeOffset? ExpiresAt = null);

internal sealed record CreateMemoriesRequest(IReadOnlyList<CreateMemoryRequest>? Memories);

/// <param name="Warnings">On storing: what its domain says against it, where the domain only warns.</param>
/// <param name="DuplicateOf">On storing: the id of an earlier memory with exactly the same words outside any session.</param>
internal sealed record MemoryResponse(
    string Id,
    string Text,
    string? SessionId,
    string? AgentId,
    string? Speaker,
    DateTimeOffset Timestamp,
    IReadOnlyList<string> Tags,
    string Domain,
    string? Subdomain,
    string? Type,
    string? Source,
    string? Writer,
    double Confidence,
    double Importance,
    bool Pinned,
    bool Quarantined,
    JsonObject? Metadata,
    DateTimeOffset? ExpiresAt,
    string? SupersededBy,
    int Version,
    DateTimeOffset CreatedAt,
    DateTimeOffset UpdatedAt,
    string? DuplicateOf = null,
    IReadOnlyList<string>? Warnings = null)
{
    public static MemoryResponse Of(MemoryRecord memory)
    {
        var attributes = memory.Attributes;
        return new MemoryResponse(
            memory.Id, memory.Text, attributes.SessionId, attributes.AgentId, attributes.Speaker, attributes.Timestamp, attributes.Tags,
            attributes.Domain, attributes.Subdomain, attributes.Type, attributes.Source, attributes.Writer, attributes.Confidence, attributes.Importance,
            attributes.Pinned, attributes.Quarantined, attributes.Metadata, attributes.ExpiresAt, attributes.SupersededBy,
            memory.Version, memory.CreatedAt, memory.UpdatedAt);
    }
}

internal sealed record MemoriesResponse(IReadOnlyList<MemoryResponse> Memories);

/// <param name="NextCursor">Pass it as <c>cursor</c> for the next page; null on the last one.</param>
internal sealed record MemoryPageResponse(IReadOnlyList<MemoryResponse> Memories, string? NextCursor);

/// <summary>One change of a memory.</summary>
internal sealed record MemoryVersionResponse(int Version, string Action, string Actor, DateTimeOffset At, string? Text);

internal sealed record MemoryHistoryResponse(string Id, IReadOnlyList<MemoryVersionResponse> Versions);
