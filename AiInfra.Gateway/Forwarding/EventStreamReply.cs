using System.Buffers;
using System.Runtime.CompilerServices;
using AiInfra.Gateway.Endpoints;

namespace AiInfra.Gateway.Forwarding;

/// <summary>
/// A replica's event stream as the caller gets it: whole frames, as soon as they are there. A stream that breaks, falls silent or
/// reports an error ends in an error event and never in the frame that says it was complete.
/// </summary>
internal sealed class EventStreamReply : ReadOnlyStream
{
    private const int FirstHold = 4096;
    private const int LargestFirstHold = 32 << 10;

    private readonly Stream _upstream;
    private readonly Dialect _dialect;
    private readonly ReplyWatch _watch;
    private readonly TimeSpan _idleTimeout;
    private readonly CancellationTokenSource _reading;
    private readonly CancellationToken _caller;
    private readonly CancellationTokenRegistration _callerLeft;
    private readonly CancellationTokenRegistration _stopping;

    // Bytes read but not passed on: the part of a frame whose rest is still to come.
    private byte[] _held = ArrayPool<byte>.Shared.Rent(FirstHold);
    private int _heldCount;
    private bool _heldIsUnread;
    private bool _complete;
    private bool _ended;
    private ReadOnlyMemory<byte> _last;

    /// <param name="upstream">The replica's stream.</param>
    /// <param name="dialect">How errors are written.</param>
    /// <param name="watch">Who looks along.</param>
    /// <param name="idleTimeout">The longest silence once the answer has begun.</param>
    /// <param name="time">The clock.</param>
    /// <param name="stopping">Fires when the gateway cannot wait any longer: the stream ends in an error event.</param>
    /// <param name="caller">Fires when the caller has left.</param>
    public EventStreamReply(
        Stream upstream, Dialect dialect, ReplyWatch watch, TimeSpan idleTimeout, TimeProvider time, CancellationToken stopping, CancellationToken caller)
    {
        (_upstream, _dialect, _watch, _idleTimeout, _caller) = (upstream, dialect, watch, idleTimeout, caller);
        _reading = new CancellationTokenSource(Timeout.InfiniteTimeSpan, time);
        _callerLeft = caller.UnsafeRegister(static reading => ((CancellationTokenSource)reading!).Cancel(), _reading);
        _stopping = stopping.UnsafeRegister(static reading => ((CancellationTokenSource)reading!).Cancel(), _reading);
    }

    /// <summary>Why the stream was ended early, or null.</summary>
    public ApiError? Failure { get; private set; }

    /// <summary>True when the engine itself said that it gave the request up.</summary>
    public bool IsAborted { get; private set; }

    /// <summary>Waits for the first frame of content, without passing anything on: until then another replica may still be asked.</summary>
    /// <returns>True when the answer has begun; false when it failed first (<see cref="Failure"/> says why).</returns>
    public async ValueTask<bool> BeginAsync()
    {
        while (true)
        {
            var skipped = 0;
            int length;
            while ((length = SseFrames.LengthOfFirst(_held.AsSpan(skipped.._heldCount))) > 0)
            {
                var kind = SseFrames.Classify(_held.AsSpan(skipped, length));
                if (kind is SseFrameKind.Error or SseFrameKind.Abort)
                {
                    (Failure, IsAborted) = (ApiError.UpstreamBroken, kind == SseFrameKind.Abort);
                    return false;
                }

                if (kind != SseFrameKind.Comment)
                {
                    _watch.FindResponseId(_held.AsSpan(skipped, length));
                    DropHeld(skipped);
                    _heldIsUnread = true;
                    return true;
                }

                skipped += length;
            }

            DropHeld(skipped);
            if (_heldCount >= LargestFirstHold)
            {
                // A first frame of this size is content, whatever its end.
                _heldIsUnread = true;
                return true;
            }

            if (_heldCount == _held.Length)
            {
                GrowHeld();
            }

            // The wait for the first token is the forwarder's to limit: queueing is no silence.
            var read = await ReadUpstreamAsync(_held.AsMemory(_heldCount), Timeout.InfiniteTimeSpan);
            if (read <= 0)
            {
                Failure ??= ApiError.UpstreamBroken;
                return false;
            }

            _heldCount += read;
        }
    }

    // Pooled, like those below: each frame waits here, and thousands of streams would leave garbage by the frame.
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (buffer.IsEmpty)
        {
            await WaitForBytesAsync();
            return 0;
        }

        while (true)
        {
            if (_ended)
            {
                return TakeLast(buffer);
            }

            var filled = Math.Min(_heldCount, buffer.Length);
            _held.AsSpan(0, filled).CopyTo(buffer.Span);
            DropHeld(filled);
            if (!_heldIsUnread)
            {
                var read = await ReadUpstreamAsync(buffer[filled..], _idleTimeout);
                if (read <= 0)
                {
                    End();
                    continue;
                }

                filled += read;
            }

            _heldIsUnread = false;
            if (PassFrames(buffer.Span[..filled], buffer.Length) is > 0 and var passed)
            {
                return passed;
            }
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _callerLeft.Dispose();
            _stopping.Dispose();
            _reading.Dispose();
            _upstream.Dispose();
            var held = _held;
            _held = [];
            if (held.Length > 0)
            {
                ArrayPool<byte>.Shared.Return(held);
            }
        }

        base.Dispose(disposing);
    }

    // The forwarder waits with an empty buffer, so that an idle stream holds none.
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask WaitForBytesAsync()
    {
        if (!_ended && !_heldIsUnread && await ReadUpstreamAsync(Memory<byte>.Empty, _idleTimeout) < 0)
        {
            Fail(Failure!);
        }
    }

    /// <returns>How many bytes from the start may go to the caller now; the rest is held.</returns>
    private int PassFrames(Span<byte> bytes, int capacity)
    {
        var passed = 0;
        int length;
        while ((length = SseFrames.LengthOfFirst(bytes[passed..])) > 0)
        {
            var frame = bytes.Slice(passed, length);
            switch (SseFrames.Classify(frame))
            {
                case SseFrameKind.Error:
                    // The engine's own words, and nothing after them.
                    Failure = ApiError.UpstreamBroken;
                    _ended = true;
                    return passed + length;
                case SseFrameKind.Abort:
                    IsAborted = true;
                    Fail(ApiError.UpstreamBroken);
                    return passed;
                case SseFrameKind.Done:
                    _complete = true;
                    break;
            }

            _watch.Saw(frame);
            passed += length;
        }

        var rest = bytes[passed..];
        if (rest.Length == capacity)
        {
            // One frame larger than the reader's buffer: it goes out in pieces.
            return rest.Length;
        }

        Hold(rest);
        return passed;
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<int> ReadUpstreamAsync(Memory<byte> buffer, TimeSpan limit)
    {
        try
        {
            var pending = _upstream.ReadAsync(buffer, _reading.Token);
            if (pending.IsCompleted)
            {
                return await pending;
            }

            _reading.CancelAfter(limit);
            return await pending;
        }
        catch (OperationCanceledException) when (!_caller.IsCancellationRequested)
        {
            Failure = ApiError.UpstreamTimeout;
            return -1;
        }
        catch (Exception problem) when (problem is IOException or HttpRequestException)
        {
            Failure = ApiError.UpstreamBroken;
            return -1;
        }
    }

    private void End()
    {
        if (_complete)
        {
            _ended = true;
        }
        else
        {
            Fail(Failure ?? ApiError.UpstreamBroken);
        }
    }

    private void Fail(ApiError error)
    {
        Failure = error;
        _ended = true;
        _last = ErrorEvent.Format(_dialect, error);
    }

    private int TakeLast(Memory<byte> buffer)
    {
        var count = Math.Min(buffer.Length, _last.Length);
        _last[..count].CopyTo(buffer);
        _last = _last[count..];
        return count;
    }

    private void Hold(ReadOnlySpan<byte> rest)
    {
        while (_held.Length < rest.Length)
        {
            GrowHeld();
        }

        rest.CopyTo(_held);
        _heldCount = rest.Length;
    }

    private void DropHeld(int count)
    {
        _held.AsSpan(count, _heldCount - count).CopyTo(_held);
        _heldCount -= count;
    }

    private void GrowHeld()
    {
        var larger = ArrayPool<byte>.Shared.Rent(_held.Length * 2);
        _held.AsSpan(0, _heldCount).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_held);
        _held = larger;
    }
}
