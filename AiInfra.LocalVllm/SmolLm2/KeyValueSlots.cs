namespace AiInfra.LocalVllm.SmolLm2;

/// <summary>The caches of the running sequences: slots 0 to rows − 1 of shared buffers that grow when a sequence does.</summary>
/// <remarks>
/// One call of the graph decodes the first rows of a buffer, so slots are kept without gaps: the last one moves into a gap.
/// Rows and capacity grow by doubling, and everything is given back when nothing runs.
/// </remarks>
internal sealed class KeyValueSlots(KeyValueShape shape, int maxRows, int maxCapacity) : IDisposable
{
    private const int SmallestCapacity = 256;

    private KeyValueTensor[] _tensors = [];
    private int _rows;

    /// <summary>Tokens that each slot can hold now.</summary>
    public int Capacity { get; private set; }

    /// <summary>Changes whenever the buffers are others than before: what is bound to them must be bound again.</summary>
    public int Version { get; private set; }

    public KeyValueTensor Tensor(int index) => _tensors[index];

    /// <summary>The tokens of all slots together that buffers for these needs take up.</summary>
    public int TokensFor(int rows, int capacity) => RowsFor(rows) * CapacityFor(capacity);

    /// <summary>Makes room; what the slots hold stays.</summary>
    /// <param name="rows">Slots to have at least.</param>
    /// <param name="capacity">Tokens that each of them must be able to hold.</param>
    /// <param name="lengths">Tokens in each slot in use, in slot order.</param>
    public void EnsureRoom(int rows, int capacity, ReadOnlySpan<int> lengths)
    {
        if (rows <= _rows && capacity <= Capacity)
        {
            return;
        }

        Replace(RowsFor(Math.Max(rows, _rows)), CapacityFor(Math.Max(capacity, Capacity)), lengths);
    }

    /// <summary>Gives the memory back; no slot may be in use.</summary>
    public void Release()
    {
        if (_rows > 0)
        {
            Replace(0, 0, []);
        }
    }

    /// <summary>Moves a sequence of <paramref name="length"/> tokens to another slot.</summary>
    public void Move(int from, int to, int length)
    {
        foreach (var tensor in _tensors)
        {
            for (var head = 0; head < shape.Heads; head++)
            {
                tensor.Tokens(from, head, 0, length).CopyTo(tensor.Tokens(to, head, 0, length));
            }
        }
    }

    /// <summary>Copies the caches of <paramref name="count"/> tokens to <paramref name="block"/>, <c>float[tensors, heads, count, headSize]</c>.</summary>
    public void Read(int slot, int position, int count, Span<float> block)
    {
        foreach (var tensor in _tensors)
        {
            for (var head = 0; head < shape.Heads; head++)
            {
                tensor.Tokens(slot, head, position, count).CopyTo(block);
                block = block[(count * shape.HeadSize)..];
            }
        }
    }

    /// <summary>The reverse of <see cref="Read"/>.</summary>
    public void Write(int slot, int position, int count, ReadOnlySpan<float> block)
    {
        foreach (var tensor in _tensors)
        {
            for (var head = 0; head < shape.Heads; head++)
            {
                var tokens = tensor.Tokens(slot, head, position, count);
                block[..tokens.Length].CopyTo(tokens);
                block = block[tokens.Length..];
            }
        }
    }

    public void Dispose()
    {
        foreach (var tensor in _tensors)
        {
            tensor.Dispose();
        }

        _tensors = [];
    }

    private int RowsFor(int rows) => Math.Min(maxRows, (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)Math.Max(rows, 1)));

    private int CapacityFor(int capacity) =>
        Math.Min(maxCapacity, Math.Max(SmallestCapacity, (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)capacity)));

    // Tensor by tensor, so that the old and the new buffers are never whole in memory together.
    private void Replace(int rows, int capacity, ReadOnlySpan<int> lengths)
    {
        var old = _tensors;
        _tensors = new KeyValueTensor[rows == 0 ? 0 : shape.Tensors];
        for (var i = 0; i < Math.Max(old.Length, _tensors.Length); i++)
        {
            if (i < _tensors.Length)
            {
                _tensors[i] = new KeyValueTensor(shape, rows, capacity);
            }

            if (i < old.Length)
            {
                Copy(old[i], i < _tensors.Length ? _tensors[i] : null, lengths);
                old[i].Dispose();
            }
        }

        _rows = rows;
        Capacity = capacity;
        Version++;
    }

    private void Copy(KeyValueTensor from, KeyValueTensor? to, ReadOnlySpan<int> lengths)
    {
        for (var slot = 0; slot < lengths.Length && to is not null; slot++)
        {
            for (var head = 0; head < shape.Heads; head++)
            {
                from.Tokens(slot, head, 0, lengths[slot]).CopyTo(to.Tokens(slot, head, 0, lengths[slot]));
            }
        }
    }
}
