using AiInfra.Gateway.Forwarding;

namespace AiInfra.Gateway.Usage;

/// <summary>An answer that passes unread but for its end, where embeddings and scores say what they used.</summary>
internal sealed class MeteredTail(Stream upstream, Call call) : ReadOnlyStream
{
    private const int TailBytes = 2048;

    private readonly byte[] _tail = new byte[TailBytes];
    private int _count;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var read = await upstream.ReadAsync(buffer, cancellationToken);
        if (read == 0 && !buffer.IsEmpty)
        {
            call.HearAnswer(_tail.AsSpan(0, _count));
        }
        else
        {
            Keep(buffer.Span[..read]);
        }

        return read;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            upstream.Dispose();
        }

        base.Dispose(disposing);
    }

    private void Keep(ReadOnlySpan<byte> bytes)
    {
        bytes = bytes[Math.Max(0, bytes.Length - TailBytes)..];
        var kept = Math.Min(_count, TailBytes - bytes.Length);
        _tail.AsSpan(_count - kept, kept).CopyTo(_tail);
        bytes.CopyTo(_tail.AsSpan(kept));
        _count = kept + bytes.Length;
    }
}
