namespace AiInfra.LocalVllm.SmolLm2;

/// <summary>The sequences that have a slot, in slot order without gaps: the decoding ones first, then at most one that is still in its prompt.</summary>
internal sealed class RunningSequences(KeyValueSlots slots)
{
    private readonly List<Sequence> _sequences = [];

    public int Count => _sequences.Count;

    /// <summary>How many of them, the first ones, have their prompt behind them.</summary>
    public int Decoding { get; private set; }

    /// <summary>True while the last one is still in its prompt.</summary>
    public bool HasPrompt => Decoding < Count;

    /// <summary>Tokens in all slots.</summary>
    public int Tokens => _sequences.Sum(sequence => sequence.Computed);

    public IEnumerable<Sequence> All => _sequences;

    public Sequence this[int slot] => _sequences[slot];

    /// <summary>Gives <paramref name="sequence"/> the next slot where memory allows it; only while no other is in its prompt.</summary>
    public bool TryAdd(Sequence sequence)
    {
        var capacity = Math.Max(sequence.Tokens.Count, Capacity());
        if (!slots.Fits(Count + 1, capacity))
        {
            return false;
        }

        EnsureRoom(Count + 1, capacity);
        _sequences.Add(sequence);
        return true;
    }

    /// <summary>The last one's prompt is computed: it decodes from now on.</summary>
    public void Promote() => Decoding++;

    /// <summary>Makes room for the next token of each; false where the memory's bound does not allow it.</summary>
    public bool TryMakeRoom()
    {
        if (Count == 0)
        {
            return true;
        }

        var capacity = Capacity();
        if (!slots.Fits(Count, capacity))
        {
            return false;
        }

        EnsureRoom(Count, capacity);
        return true;
    }

    /// <summary>Takes a sequence out and closes the gap: the last decoding one moves into it, and the one in its prompt behind that.</summary>
    public Sequence Remove(int slot)
    {
        var removed = _sequences[slot];
        if (slot < Decoding)
        {
            Decoding--;
            Move(Decoding, slot);
            slot = Decoding;
        }

        Move(Count - 1, slot);
        _sequences.RemoveAt(Count - 1);
        return removed;
    }

    public void Clear()
    {
        _sequences.Clear();
        Decoding = 0;
    }

    private void Move(int from, int to)
    {
        if (from != to)
        {
            slots.Move(from, to, _sequences[from].Computed);
            _sequences[to] = _sequences[from];
        }
    }

    /// <summary>The longest that any of them gets in this step: one token more, or its whole prompt.</summary>
    private int Capacity()
    {
        var longest = 0;
        for (var slot = 0; slot < Count; slot++)
        {
            longest = Math.Max(longest, slot < Decoding ? _sequences[slot].Computed + 1 : _sequences[slot].Tokens.Count);
        }

        return longest;
    }

    private void EnsureRoom(int rows, int capacity)
    {
        Span<int> lengths = stackalloc int[Count];
        for (var slot = 0; slot < lengths.Length; slot++)
        {
            lengths[slot] = _sequences[slot].Computed;
        }

        slots.EnsureRoom(rows, capacity, lengths);
    }
}
