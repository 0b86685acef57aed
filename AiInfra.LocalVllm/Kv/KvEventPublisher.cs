using System.Buffers.Binary;
using AiInfra.LocalVllm.Engine;
using AiInfra.LocalVllm.Scheduling;
using NetMQ;
using NetMQ.Sockets;

namespace AiInfra.LocalVllm.Kv;

/// <summary>
/// Publishes what enters and leaves the prefix cache, in vLLM's format: frames topic, sequence number (8 bytes, big-endian), msgpack of one step's
/// events. Missed batches can be asked for at the replay endpoint while they are in the buffer.
/// </summary>
internal sealed class KvEventPublisher : IDisposable
{
    private readonly KvEventsSettings _settings;
    private readonly TimeProvider _time;
    private readonly int _blockSize;
    private readonly PublisherSocket _publisher = new();
    private readonly RouterSocket? _replay;
    private readonly NetMQPoller _poller;
    private readonly NetMQQueue<(long Sequence, byte[] Payload)> _outgoing = new();
    private readonly Queue<(long Sequence, byte[] Payload)> _buffer = [];
    private readonly KvEventBatch _batch = new();
    private long _sequence;

    /// <exception cref="EngineStartException">An endpoint cannot be bound.</exception>
    public KvEventPublisher(KvEventsSettings settings, int blockSize, TimeProvider time)
    {
        (_settings, _blockSize, _time) = (settings, blockSize, time);
        _poller = new NetMQPoller { _outgoing };
        // As in vLLM: it binds only where the host is a wildcard.
        if (settings.Endpoint.Contains('*'))
        {
            Bind(_publisher, settings.Endpoint);
        }
        else
        {
            _publisher.Connect(settings.Endpoint);
        }

        // The replay socket is always a server, on loopback where its endpoint says so.
        if (settings.ReplayEndpoint is { } replay)
        {
            var router = new RouterSocket();
            Bind(router, replay);
            router.ReceiveReady += (_, _) => Replay(router);
            _poller.Add(router);
            _replay = router;
        }

        _outgoing.ReceiveReady += (_, _) => Send();
        _poller.RunAsync("kv-events", isBackgroundThread: true);
    }

    /// <summary>Follows a scheduler; <see cref="Flush"/> is to be called after each of its steps.</summary>
    public void Follow(Scheduler scheduler)
    {
        scheduler.BlockStored = (sequence, index) => _batch.Stored(sequence, index, _blockSize);
        scheduler.BlockRemoved = _batch.Removed;
        scheduler.CacheCleared = _batch.Cleared;
    }

    /// <summary>Sends what one step brought; called by the engine after every step.</summary>
    public void Flush()
    {
        if (_batch.Count > 0)
        {
            var payload = _batch.Take(_time.GetUtcNow().ToUnixTimeMilliseconds() / 1000.0, _blockSize);
            _outgoing.Enqueue((_sequence++, payload));
        }
    }

    public void Dispose()
    {
        _poller.Dispose();
        _outgoing.Dispose();
        _publisher.Dispose();
        _replay?.Dispose();
    }

    private static void Bind(NetMQSocket socket, string endpoint)
    {
        try
        {
            socket.Bind(endpoint);
        }
        catch (NetMQException problem)
        {
            throw new EngineStartException($"--kv-events-config: {endpoint} cannot be bound: {problem.Message}");
        }
    }

    private void Send()
    {
        while (_outgoing.TryDequeue(out var batch, TimeSpan.Zero))
        {
            _publisher.SendMoreFrame(_settings.Topic).SendMoreFrame(Number(batch.Sequence)).SendFrame(batch.Payload);
            _buffer.Enqueue(batch);
            while (_buffer.Count > _settings.BufferSteps)
            {
                _buffer.Dequeue();
            }
        }
    }

    // A DEALER asks with ['', first sequence number] and gets ['', topic, seq, payload] for each batch, then ['', '', -1, ''].
    private void Replay(RouterSocket router)
    {
        var request = router.ReceiveMultipartMessage();
        if (request.FrameCount < 3 || request[2].BufferSize != 8)
        {
            return;
        }

        var from = BinaryPrimitives.ReadInt64BigEndian(request[2].Buffer);
        foreach (var batch in _buffer)
        {
            if (batch.Sequence >= from)
            {
                router.SendMoreFrame(request[0].Buffer).SendMoreFrameEmpty()!.SendMoreFrame(_settings.Topic).SendMoreFrame(Number(batch.Sequence)).SendFrame(batch.Payload);
            }
        }

        router.SendMoreFrame(request[0].Buffer).SendMoreFrameEmpty()!.SendMoreFrameEmpty()!.SendMoreFrame(Number(-1)).SendFrameEmpty();
    }

    private static byte[] Number(long value)
    {
        var bytes = new byte[8];
        BinaryPrimitives.WriteInt64BigEndian(bytes, value);
        return bytes;
    }
}
