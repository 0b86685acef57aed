namespace AiInfra.Gateway.Forwarding;

/// <summary>The caller's bytes with a few ranges replaced. Nothing is copied: the pieces are sent one after another, as often as it takes.</summary>
internal sealed class EditedBody(ReadOnlyMemory<byte> original)
{
    private readonly List<ReadOnlyMemory<byte>> _segments = [original];

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

    public async ValueTask WriteToAsync(Stream stream, CancellationToken cancellationToken)
    {
        foreach (var segment in _segments)
        {
            await stream.WriteAsync(segment, cancellationToken);
        }
    }
}
