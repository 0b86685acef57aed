using System.Numerics;

namespace AiInfra.LocalVllm.SmolLm2;

/// <summary>The caches of the running sequences: slots 0 to rows − 1 of shared buffers that grow when a sequence does.</summary>
/// <remarks>
/// One call of the graph decodes the first rows of a buffer, so slots are kept without gaps: the last one moves into a gap.
/// Buffers grow in coarse steps where <paramref name="maxTokens"/> allows it, so that they are rarely copied, and everything is given
/// back when nothing runs.
/// </remarks>
/// <param name="shape">What a token takes.</param>
/// <param name="maxRows">Sequences at once.</param>
/// <param name="maxTokens">Tokens of all slots together, used or not: the bound on memory, at <see cref="KeyValueShape.BytesPerToken"/> each.</param>
internal sealed class KeyValueSlots(KeyValueShape shape, int maxRows, int maxTokens) : IDisposable
{
    private const int SmallestCapacity = 256;
    private const int FinestStep = 64;

    private KeyValueTensor[] _tensors = [];
    private int _rows;

    /// <summary>Tokens that each slot can hold now.</summary>
    public int Capacity { get; private set; }

    /// <summary>Changes whenever the buffers are others than before: what is bound to them must be bound again.</summary>
    public int Version { get; private set; }

    public KeyValueTensor Tensor(int index) => _tensors[index];

    /// <summary>True where buffers for these needs stay within the bound.</summary>
    public bool Fits(int rows, int capacity) => rows <= maxRows && (long)rows * Tight(capacity) <= maxTokens;

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

        var (roomyRows, roomyCapacity) = (RoomyRows(Math.Max(rows, _rows)), RoomyCapacity(Math.Max(capacity, Capacity)));
        if ((long)roomyRows * roomyCapacity <= maxTokens)
        {
            Replace(roomyRows, roomyCapacity, lengths);
        }
        else
        {
            Replace(rows, Tight(capacity), lengths);
        }
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

    // Below one step the bound itself is the capacity: a single slot always gets all of it.
    private int Tight(int capacity) => Math.Min(maxTokens, (capacity + FinestStep - 1) / FinestStep * FinestStep);

    private int RoomyRows(int rows) => Math.Min(maxRows, (int)BitOperations.RoundUpToPowerOf2((uint)rows));

    // 256, 384, 512, 768, 1024, 1536, …
    private static int RoomyCapacity(int capacity)
    {
        var power = (int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(capacity, SmallestCapacity));
        return power / 4 * 3 >= Math.Max(capacity, SmallestCapacity) ? power / 4 * 3 : power;
    }

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
