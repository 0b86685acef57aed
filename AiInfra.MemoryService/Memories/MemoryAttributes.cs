using System.Text.Json.Nodes;

namespace AiInfra.MemoryService.Memories;

/// <summary>Everything a memory is filtered, ordered and explained by, apart from its text.</summary>
internal sealed record MemoryAttributes
{
    /// <summary>The conversation that the memory belongs to: its neighbours there count in a search.</summary>
    public string? SessionId { get; init; }

    public string? AgentId { get; init; }

    public string? Speaker { get; init; }

    /// <summary>When it was said or happened; the time of storing unless the caller knew better.</summary>
    public DateTimeOffset Timestamp { get; init; }

    public string Domain { get; init; } = "general";

    public string? Subdomain { get; init; }

    public string? Type { get; init; }

    /// <summary>Where it came from, in the caller's words, for example a file name or an application.</summary>
    public string? Source { get; init; }

    /// <summary>Who stored it: the subject of the token. A caller cannot set it.</summary>
    public string? Writer { get; init; }

    /// <summary>How sure the caller is, 0 to 1.</summary>
    public double Confidence { get; init; } = 1;

    /// <summary>How much it matters, 0 to 1.</summary>
    public double Importance { get; init; } = 0.5;

    /// <summary>A pinned memory does not expire.</summary>
    public bool Pinned { get; init; }

    /// <summary>Kept, but given to nobody's context until someone releases it.</summary>
    public bool Quarantined { get; init; }

    public IReadOnlyList<string> Tags { get; init; } = [];

    public JsonObject? Metadata { get; init; }

    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>The id of the memory that replaced this one, or null.</summary>
    public string? SupersededBy { get; init; }

    public DateTimeOffset? SupersededAt { get; init; }
}
