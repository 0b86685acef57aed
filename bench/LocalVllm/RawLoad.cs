using System.Diagnostics;
using System.Net.Sockets;
using System.Text;
using AiInfra.Bench.Running;

namespace AiInfra.Bench.LocalVllm;

/// <summary>A load driver over raw sockets: it counts and does not parse, so that it costs less than the server.</summary>
internal static class RawLoad
{
    public static byte[] Request(string body) => Encoding.UTF8.GetBytes(
        $"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {Encoding.UTF8.GetByteCount(body)}\r\n\r\n{body}");

    /// <summary>Whole replies over <paramref name="connections"/> connections, one request at a time on each.</summary>
    public static async Task<long> CountRepliesAsync(Uri server, byte[] request, int connections, TimeSpan time, CancellationToken cancellationToken)
    {
        var ends = Stopwatch.GetTimestamp() + (long)(time.TotalSeconds * Stopwatch.Frequency);
        var counts = await Task.WhenAll(Enumerable.Range(0, connections).Select(_ => ConnectionAsync()));
        return counts.Sum();

        async Task<long> ConnectionAsync()
        {
            using var socket = await ConnectAsync(server, cancellationToken);
            var buffer = new byte[16 * 1024];
            var count = 0L;
            while (Stopwatch.GetTimestamp() < ends)
            {
                await socket.SendAsync(request, cancellationToken);
                var read = await socket.ReceiveAsync(buffer, cancellationToken);
                if (!buffer.AsSpan(0, read).StartsWith("HTTP/1.1 200 "u8))
                {
                    throw new BenchException($"The server answered: {Encoding.UTF8.GetString(buffer, 0, read)}");
                }

                // A reply ends with the object's last brace, which comes with the last packet.
                while (read > 0 && buffer[read - 1] != '}')
                {
                    read = await socket.ReceiveAsync(buffer, cancellationToken);
                }

                count++;
            }

            return count;
        }
    }

    /// <summary>Frames per second of streams that all run, measured once all have begun.</summary>
    public static async Task<double> CountFramesAsync(Uri server, byte[] request, int streams, TimeSpan time, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var frames = new long[streams];
        var running = Enumerable.Range(0, streams).Select(StreamAsync).ToList();
        while (frames.Contains(0) && !cancellationToken.IsCancellationRequested)
        {
            await Task.Delay(100, cancellationToken);
        }

        await Task.Delay(1000, cancellationToken);
        var (before, began) = (frames.Sum(), Stopwatch.GetTimestamp());
        await Task.Delay(time, cancellationToken);
        var rate = (frames.Sum() - before) / Stopwatch.GetElapsedTime(began).TotalSeconds;
        await stop.CancelAsync();
        await Task.WhenAll(running);
        return rate;

        async Task StreamAsync(int index)
        {
            using var socket = await ConnectAsync(server, cancellationToken);
            var buffer = new byte[4096];
            try
            {
                await socket.SendAsync(request, stop.Token);
                while (await socket.ReceiveAsync(buffer, stop.Token) is > 0 and var read)
                {
                    Interlocked.Add(ref frames[index], buffer.AsSpan(0, read).Count("data: "u8));
                }
            }
            catch (OperationCanceledException)
            {
                // The measurement is over.
            }
        }
    }

    private static async Task<Socket> ConnectAsync(Uri server, CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(server.Host, server.Port, cancellationToken);
        return socket;
    }
}
