namespace AiInfra.MemoryService.Embeddings;

/// <summary>
/// What late interaction compares: one vector of <see cref="Dimensions"/> signed bytes (127 = 1.0) for each word piece that carries
/// meaning, and the number of that piece in the model's vocabulary.
/// </summary>
internal sealed record TokenVectors(ushort[] Pieces, sbyte[] Values)
{
    public const int Dimensions = 64;

    public static readonly TokenVectors None = new([], []);

    public int Count => Pieces.Length;

    public ReadOnlySpan<sbyte> this[int index] => Values.AsSpan(index * Dimensions, Dimensions);

    /// <summary>As stored: all piece numbers (little-endian), then all vectors.</summary>
    public byte[] ToBytes()
    {
        var bytes = new byte[Count * (sizeof(ushort) + Dimensions)];
        for (var i = 0; i < Count; i++)
        {
            System.Buffers.Binary.BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(i * sizeof(ushort)), Pieces[i]);
        }

        System.Runtime.InteropServices.MemoryMarshal.AsBytes(Values.AsSpan()).CopyTo(bytes.AsSpan(Count * sizeof(ushort)));
        return bytes;
    }

    public static TokenVectors FromBytes(ReadOnlySpan<byte> bytes)
    {
        var count = bytes.Length / (sizeof(ushort) + Dimensions);
        if (count == 0)
        {
            return None;
        }

        var pieces = new ushort[count];
        for (var i = 0; i < count; i++)
        {
            pieces[i] = System.Buffers.Binary.BinaryPrimitives.ReadUInt16LittleEndian(bytes[(i * sizeof(ushort))..]);
        }

        var values = new sbyte[count * Dimensions];
        bytes[(count * sizeof(ushort))..].CopyTo(System.Runtime.InteropServices.MemoryMarshal.AsBytes(values.AsSpan()));
        return new TokenVectors(pieces, values);
    }
}
