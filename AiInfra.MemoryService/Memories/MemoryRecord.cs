namespace AiInfra.MemoryService.Memories;

/// <summary>A memory as it is stored: the truth, of which every index is a copy.</summary>
internal sealed record MemoryRecord
{
    public required string Id { get; init; }

    public required string User { get; init; }

    public required string Text { get; init; }

    public required MemoryAttributes Attributes { get; init; }

    /// <summary>1 for a new memory, one more after each change: the ETag.</summary>
    public int Version { get; init; } = 1;

    public required DateTimeOffset CreatedAt { get; init; }

    public required DateTimeOffset UpdatedAt { get; init; }

    /// <summary>What the embedding is made of: the words and who said them.</summary>
    public string EmbeddingText => Attributes.Speaker is { Length: > 0 } speaker ? $"{speaker}: {Text}" : Text;

    /// <summary>Ids sort by the time of their making, so that listings need no other order.</summary>
    public static string NewId(DateTimeOffset now) => Guid.CreateVersion7(now).ToString("N");
}
