namespace AiInfra.Gateway.Forwarding;

/// <summary>
/// The caller's bytes with a few ranges replaced, as a stream for the forwarder. Nothing is copied but into the reader's buffer;
/// <see cref="Rewind"/> begins anew for another replica.
/// </summary>
internal sealed class EditedBody(ReadOnlyMemory<byte> original) : ReadOnlyStream
{
    private readonly List<ReadOnlyMemory<byte>> _segments = [original];
    private int _segment;
    private int _offset;

    public int TotalBytes { get; private set; } = original.Length;

    /// <summary>Replaces a range of the original. Ranges come in ascending order and do not overlap.</summary>
    public void Replace(int start, int length, ReadOnlyMemory<byte> replacement)
    {
        var rest = _segments[^1];
        var restStart = original.Length - rest.Length;
        _segments[^1] = rest[..(start - restStart)];
        _segments.Add(replacement);
        _segments.Add(rest[(start - restStart + length)..]);
        TotalBytes += replacement.Length - length;
    }

    public void Rewind() => (_segment, _offset) = (0, 0);

    public override int Read(Span<byte> buffer)
    {
        var written = 0;
        while (_segment < _segments.Count && written < buffer.Length)
        {
            var rest = _segments[_segment].Span[_offset..];
            var count = Math.Min(rest.Length, buffer.Length - written);
            rest[..count].CopyTo(buffer[written..]);
            written += count;
            _offset += count;
            if (count == rest.Length)
            {
                (_segment, _offset) = (_segment + 1, 0);
            }
        }

        return written;
    }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => new(Read(buffer.Span));
}
