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

    /// <summary>It breaks a rule of its domain.</summary>
    Invalid,

    /// <summary>The user has as many memories as one may have.</summary>
    Full,
}

/// <summary>What a store gave: the memories, and for each the id of an equal earlier one or null.</summary>
internal sealed record StoreResult(StoreOutcome Outcome, IReadOnlyList<MemoryRecord> Memories, IReadOnlyList<string?> DuplicateOf)
{
    /// <summary>Broken rules of domains: by index and field where they forbade it (<c>memories[0].subdomain</c>), else as warnings by index.</summary>
    public IReadOnlyDictionary<string, string[]> Broken { get; init; } = new Dictionary<string, string[]>();

    public static StoreResult Failed(StoreOutcome outcome) => new(outcome, [], []);

    /// <summary>What the domain of one memory says against it, though it is stored; null when nothing.</summary>
    public IReadOnlyList<string>? WarningsOf(int index)
    {
        var prefix = $"memories[{index}].";
        var warnings = Broken.Where(rule => rule.Key.StartsWith(prefix, StringComparison.Ordinal)).Select(rule => $"{rule.Key[prefix.Length..]}: {string.Join(' ', rule.Value)}").ToList();
        return warnings.Count > 0 ? warnings : null;
    }

    /// <summary>The broken rules of a store of one, by field.</summary>
    public Dictionary<string, string[]> BrokenOfOne() => Broken.ToDictionary(rule => rule.Key["memories[0].".Length..], rule => rule.Value);
}

/// <summary>How a change ended.</summary>
internal sealed record UpdateResult(StoreOutcome Outcome, MemoryRecord? Memory)
{
    /// <summary>Broken rules of the domain, by field.</summary>
    public Dictionary<string, string[]> Broken { get; init; } = [];
}
