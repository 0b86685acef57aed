namespace AiInfra.MemoryService.Memories;

/// <summary>How a write ended.</summary>
internal enum StoreOutcome
{
    /// <summary>Done, and synced to the disk.</summary>
    Done,

    /// <summary>There is no such memory in the caller's scope.</summary>
    NotFound,

    /// <summary>The memory has another version than the caller expected, or a key was used for another request.</summary>
    Conflict,

    /// <summary>The user has as many memories as one may have.</summary>
    Full,
}

/// <summary>What a store gave: the memories, and for each the id of an equal earlier one or null.</summary>
internal sealed record StoreResult(StoreOutcome Outcome, IReadOnlyList<MemoryRecord> Memories, IReadOnlyList<string?> DuplicateOf)
{
    public static StoreResult Failed(StoreOutcome outcome) => new(outcome, [], []);
}
