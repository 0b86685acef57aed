using System.Buffers;

namespace AiInfra.Gateway.Forwarding;

/// <summary>
/// A reply that is not a stream, read whole before anything goes out: the engine sends it in one piece, and what breaks off or
/// turns out to be an abort can still be asked of another replica. A reply larger than the limit goes on unread.
/// </summary>
internal sealed class PlainReply : ReadOnlyStream
{
    private const int WholeLimitBytes = 1 << 20;

    private readonly Stream _upstream;
    private byte[] _buffer;
    private int _count;
    private int _taken;
    private bool _isWhole;

    private PlainReply(Stream upstream, long? length)
    {
        _upstream = upstream;
        _buffer = ArrayPool<byte>.Shared.Rent((int)Math.Clamp(length + 1 ?? 4096, 1, WholeLimitBytes));
    }

    /// <summary>What has been read: all of the reply unless it is very large.</summary>
    public ReadOnlySpan<byte> Bytes => _buffer.AsSpan(0, _count);

    /// <exception cref="IOException">The replica broke off.</exception>
    public static async ValueTask<PlainReply> ReadAsync(HttpContent content, CancellationToken cancellationToken)
    {
        var reply = new PlainReply(await content.ReadAsStreamAsync(cancellationToken), content.Headers.ContentLength);
        try
        {
            await reply.FillAsync(cancellationToken);
            return reply;
        }
        catch
        {
            await reply.DisposeAsync();
            throw;
        }
    }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var count = Math.Min(buffer.Length, _count - _taken);
        if (_taken == _count && !_isWhole)
        {
            return _upstream.ReadAsync(buffer, cancellationToken);
        }

        _buffer.AsSpan(_taken, count).CopyTo(buffer.Span);
        _taken += count;
        return new(count);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _upstream.Dispose();
            var buffer = _buffer;
            (_buffer, _count, _taken) = ([], 0, 0);
            if (buffer.Length > 0)
            {
                ArrayPool<byte>.Shared.Return(buffer);
            }
        }

        base.Dispose(disposing);
    }

    private async ValueTask FillAsync(CancellationToken cancellationToken)
    {
        while (_count < WholeLimitBytes)
        {
            if (_count == _buffer.Length)
            {
                var larger = ArrayPool<byte>.Shared.Rent(_count * 2);
                _buffer.CopyTo(larger, 0);
                ArrayPool<byte>.Shared.Return(_buffer);
                _buffer = larger;
            }

            var read = await _upstream.ReadAsync(_buffer.AsMemory(_count), cancellationToken);
            if (read == 0)
            {
                _isWhole = true;
                return;
            }

            _count += read;
        }
    }
}
