using System.Buffers;
using System.Runtime.CompilerServices;
using AiInfra.Gateway.Forwarding;

namespace AiInfra.Gateway.Usage;

/// <summary>
/// A replica's event stream without the usage that the gateway asked for and the caller did not. Every frame's usage is heard; what
/// goes on is byte for byte what the replica would have sent the caller.
/// </summary>
internal sealed class MeteredStream(Stream upstream, Call call, ReplyWatch watch) : ReadOnlyStream
{
    private const int FirstSize = 8192;

    // Read from the replica: [_passed.._ready) may go on, [_ready.._count) is the beginning of a frame.
    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(FirstSize);
    private int _passed;
    private int _ready;
    private int _count;
    private bool _isAtEnd;

    // Pooled: each frame waits here.
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (buffer.IsEmpty)
        {
            // A wait for bytes, for which no buffer is held.
            return _passed < _ready || _isAtEnd ? 0 : await upstream.ReadAsync(buffer, cancellationToken);
        }

        while (_passed == _ready && !_isAtEnd)
        {
            MakeRoom();
            var read = await upstream.ReadAsync(_buffer.AsMemory(_count), cancellationToken);
            if (read == 0)
            {
                // Half a frame is for the caller's eyes: what follows will say that the stream broke.
                (_isAtEnd, _ready) = (true, _count);
                break;
            }

            _count += read;
            Sift();
        }

        var passing = Math.Min(buffer.Length, _ready - _passed);
        _buffer.AsMemory(_passed, passing).CopyTo(buffer);
        _passed += passing;
        return passing;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            upstream.Dispose();
            var buffer = _buffer;
            (_buffer, _passed, _ready, _count, _isAtEnd) = ([], 0, 0, 0, true);
            if (buffer.Length > 0)
            {
                ArrayPool<byte>.Shared.Return(buffer);
            }
        }

        base.Dispose(disposing);
    }

    private void MakeRoom()
    {
        _buffer.AsSpan(_passed, _count - _passed).CopyTo(_buffer);
        (_passed, _ready, _count) = (0, _ready - _passed, _count - _passed);
        if (_count == _buffer.Length)
        {
            var larger = ArrayPool<byte>.Shared.Rent(_count * 2);
            _buffer.CopyTo(larger, 0);
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = larger;
        }
    }

    private void Sift()
    {
        int length;
        while ((length = SseFrames.LengthOfFirst(_buffer.AsSpan(_ready.._count))) > 0)
        {
            var frame = _buffer.AsSpan(_ready, length);
            var kept = length;
            if (!call.AsksForUsage && frame.IndexOf("\"delta\":"u8) >= 0)
            {
                call.HearPiece();
            }

            if (UsageFields.TryFind(frame, out var fields, out var start, out var cut))
            {
                call.HearFrame(frame, fields);
                var isLast = Call.IsLast(frame);
                if (call.AsksForUsage && (isLast ? !call.Peek.WantsUsage : !(call.Peek.WantsUsage && call.Peek.WantsContinuousUsage) && cut > 0))
                {
                    if (isLast)
                    {
                        // Nobody else will see it, and it tells what was cached.
                        watch.Saw(frame);
                    }

                    kept = isLast ? 0 : length - cut;
                    var from = isLast ? length : start + cut;
                    var rest = _buffer.AsSpan(_ready + from, _count - _ready - from);
                    rest.CopyTo(_buffer.AsSpan(isLast ? _ready : _ready + start));
                    _count -= isLast ? length : cut;
                }
            }

            _ready += kept;
        }
    }
}
