namespace AiInfra.MemoryService.Memories;

/// <summary>Makes the next version of a memory.</summary>
internal static class MemoryChange
{
    public static MemoryRecord Apply(MemoryRecord memory, UpdateMemoryRequest request, DateTimeOffset now)
    {
        var old = memory.Attributes;
        return memory with
        {
            Text = request.Text ?? memory.Text,
            Version = memory.Version + 1,
            UpdatedAt = DateTimeOffset.FromUnixTimeMilliseconds(MemoryRows.Milliseconds(now)),
            Attributes = old with
            {
                Speaker = request.Speaker ?? old.Speaker,
                Timestamp = request.Timestamp ?? old.Timestamp,
                Tags = request.Tags is { } tags ? [.. tags.Distinct(StringComparer.Ordinal)] : old.Tags,
                Domain = request.Domain ?? old.Domain,
                Subdomain = request.Subdomain ?? old.Subdomain,
                Type = request.Type ?? old.Type,
                Source = request.Source ?? old.Source,
                Confidence = request.Confidence ?? old.Confidence,
                Importance = request.Importance ?? old.Importance,
                Pinned = request.Pinned ?? old.Pinned,
                Quarantined = request.Quarantined ?? old.Quarantined,
                Metadata = request.Metadata ?? old.Metadata,
                ExpiresAt = request.ExpiresAt ?? old.ExpiresAt,
            },
        };
    }
}
