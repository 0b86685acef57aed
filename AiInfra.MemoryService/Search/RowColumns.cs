namespace AiInfra.MemoryService.Search;

/// <summary>
/// The memories of a <see cref="ScopeIndex"/>, one array for each thing that a search asks of every one of them: it reads those it
/// needs from end to end and the objects of the few that it may return. A removed row stays as a dead one.
/// </summary>
internal sealed class RowColumns
{
    private const int FewestRows = 16;

    /// <summary>Rows, dead ones included; the arrays are longer.</summary>
    public int Count { get; private set; }

    public IndexedMemory[] Memories { get; private set; } = [];

    public bool[] Alive { get; private set; } = [];

    /// <summary>The row before it in its session, or <see cref="ScopeIndex.None"/>.</summary>
    public int[] Previous { get; private set; } = [];

    /// <summary>The row after it in its session, or <see cref="ScopeIndex.None"/>.</summary>
    public int[] Next { get; private set; } = [];

    /// <summary>Words of its own text.</summary>
    public int[] Lengths { get; private set; } = [];

    /// <summary>Words of its own text and of the two memories on either side.</summary>
    public int[] WindowLengths { get; private set; } = [];

    /// <summary>The speaker's number in this index; 0 for none.</summary>
    public int[] Speakers { get; private set; } = [];

    public int[] Days { get; private set; } = [];

    /// <summary>When it was said, in ticks of UTC.</summary>
    public long[] Times { get; private set; } = [];

    /// <summary>The text ends with a question mark.</summary>
    public bool[] AreQuestions { get; private set; } = [];

    public bool[] ArePinned { get; private set; } = [];

    /// <summary>Above or below the middle.</summary>
    public float[] Importances { get; private set; } = [];

    /// <summary>What is missing to full confidence, as a negative number.</summary>
    public float[] Confidences { get; private set; } = [];

    /// <summary>What one step of its 8-bit sentence vector is worth.</summary>
    public float[] Scales { get; private set; } = [];

    /// <returns>The new row, alive and in no session.</returns>
    public int Append(IndexedMemory memory, int length, float scale, int speaker, bool isQuestion)
    {
        if (Count == Memories.Length)
        {
            Resize(Math.Max(FewestRows, Count * 2));
        }

        var row = Count++;
        var attributes = memory.Attributes;
        Memories[row] = memory;
        Alive[row] = true;
        Previous[row] = ScopeIndex.None;
        Next[row] = ScopeIndex.None;
        Lengths[row] = length;
        WindowLengths[row] = 0;
        Speakers[row] = speaker;
        Days[row] = DateOnly.FromDateTime(attributes.Timestamp.Date).DayNumber;
        Times[row] = attributes.Timestamp.UtcTicks;
        AreQuestions[row] = isQuestion;
        ArePinned[row] = attributes.Pinned;
        Importances[row] = (float)attributes.Importance - 0.5f;
        Confidences[row] = (float)attributes.Confidence - 1;
        Scales[row] = scale;
        return row;
    }

    /// <summary>Keeps the living rows alone.</summary>
    /// <param name="moved">The new place of each row, never behind the old one, or <see cref="ScopeIndex.None"/>.</param>
    /// <param name="living">Rows that are left.</param>
    public void Compact(int[] moved, int living)
    {
        for (var row = 0; row < Count; row++)
        {
            if (moved[row] is var to && to == ScopeIndex.None)
            {
                continue;
            }

            Memories[to] = Memories[row];
            Alive[to] = true;
            Previous[to] = Previous[row] == ScopeIndex.None ? ScopeIndex.None : moved[Previous[row]];
            Next[to] = Next[row] == ScopeIndex.None ? ScopeIndex.None : moved[Next[row]];
            Lengths[to] = Lengths[row];
            WindowLengths[to] = WindowLengths[row];
            Speakers[to] = Speakers[row];
            Days[to] = Days[row];
            Times[to] = Times[row];
            AreQuestions[to] = AreQuestions[row];
            ArePinned[to] = ArePinned[row];
            Importances[to] = Importances[row];
            Confidences[to] = Confidences[row];
            Scales[to] = Scales[row];
        }

        Count = living;
        Resize(living);
    }

    private void Resize(int rows)
    {
        Memories = Resized(Memories);
        Alive = Resized(Alive);
        Previous = Resized(Previous);
        Next = Resized(Next);
        Lengths = Resized(Lengths);
        WindowLengths = Resized(WindowLengths);
        Speakers = Resized(Speakers);
        Days = Resized(Days);
        Times = Resized(Times);
        AreQuestions = Resized(AreQuestions);
        ArePinned = Resized(ArePinned);
        Importances = Resized(Importances);
        Confidences = Resized(Confidences);
        Scales = Resized(Scales);

        T[] Resized<T>(T[] column)
        {
            Array.Resize(ref column, rows);
            return column;
        }
    }
}
