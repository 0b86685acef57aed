namespace AiInfra.Gateway.Forwarding;

/// <summary>A range of a request's body. A length of 0 means that it is not there.</summary>
internal readonly record struct ByteRange(int Start, int Length)
{
    public int End => Start + Length;

    public bool IsThere => Length > 0;

    public ReadOnlySpan<byte> Of(ReadOnlySpan<byte> body) => body.Slice(Start, Length);
}

/// <summary>A change to a request's body: a range that other bytes take the place of.</summary>
internal readonly record struct BodyEdit(ByteRange Range, ReadOnlyMemory<byte> Replacement);
