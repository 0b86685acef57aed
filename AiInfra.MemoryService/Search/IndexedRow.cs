using AiInfra.MemoryService.Memories;

namespace AiInfra.MemoryService.Search;

/// <summary>One memory in a <see cref="ScopeIndex"/>. Rows are never moved; a removed one stays as a dead row.</summary>
/// <param name="Length">Words of its own text.</param>
/// <param name="Scale">What one step of its 8-bit sentence vector is worth.</param>
internal readonly record struct IndexedRow(IndexedMemory Memory, int Length, float Scale)
{
    public bool Alive { get; init; } = true;

    /// <summary>The row before it in its session, or <see cref="ScopeIndex.None"/>.</summary>
    public int Previous { get; init; } = ScopeIndex.None;

    /// <summary>The row after it in its session, or <see cref="ScopeIndex.None"/>.</summary>
    public int Next { get; init; } = ScopeIndex.None;

    /// <summary>Words of its own text and of the two memories on either side.</summary>
    public int WindowLength { get; init; }

    /// <summary>The text ends with a question mark.</summary>
    public bool IsQuestion { get; init; }

    /// <summary>Above or below the middle.</summary>
    public float Importance { get; init; } = (float)Memory.Attributes.Importance - 0.5f;

    /// <summary>What is missing to full confidence, as a negative number.</summary>
    public float Confidence { get; init; } = (float)Memory.Attributes.Confidence - 1;

    /// <summary>The speaker's number in this index; 0 for none.</summary>
    public int Speaker { get; init; }

    public int Day { get; init; } = DateOnly.FromDateTime(Memory.Attributes.Timestamp.Date).DayNumber;

    public MemoryAttributes Attributes => Memory.Attributes;
}
