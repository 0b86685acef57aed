using System.Net.Sockets;
using System.Text;

namespace AiInfra.Tests.LocalVllm;

/// <summary>Sends bytes over a connection of its own and reads one reply as it comes: status, headers, and a body whole or in its chunks.</summary>
internal sealed record RawReply(int Status, IReadOnlyList<(string Name, string Value)> Headers, byte[] Body, IReadOnlyList<string>? Chunks, bool Terminated)
{
    public string Text => Encoding.UTF8.GetString(Body);

    public string? Header(string name) => Headers.Where(header => header.Name == name).Select(header => header.Value).FirstOrDefault();
}

internal static class RawExchange
{
    /// <summary>A POST as bytes.</summary>
    public static byte[] Post(string path, object body)
    {
        var json = System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(body);
        return [.. Encoding.Latin1.GetBytes($"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {json.Length}\r\n\r\n"), .. json];
    }

    /// <returns>The reply, or null when the connection ends without one.</returns>
    public static async Task<RawReply?> SendAsync(Uri server, byte[] request, CancellationToken cancellationToken)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(server.Host, server.Port, cancellationToken);
        await using var stream = client.GetStream();
        // Large bodies may be answered before they are read to the end.
        var sending = stream.WriteAsync(request, cancellationToken).AsTask();
        var reply = await ReadAsync(stream, request.AsSpan().StartsWith("HEAD "u8), cancellationToken);
        await sending.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return reply;
    }

    /// <returns>The next reply of a connection, or null at its end.</returns>
    public static async Task<RawReply?> ReadAsync(Stream stream, bool headOnly, CancellationToken cancellationToken)
    {
        var head = await ReadHeadAsync(stream, cancellationToken);
        if (head.Length == 0)
        {
            return null;
        }

        if (!head.StartsWith("HTTP/1.1 ", StringComparison.Ordinal))
        {
            return new RawReply(0, [], Encoding.Latin1.GetBytes(head), null, true);
        }

        var lines = head.Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        var headers = lines.Skip(1).Select(line => (line[..line.IndexOf(':')].ToLowerInvariant(), line[(line.IndexOf(':') + 1)..].Trim())).ToList();
        var status = int.Parse(lines[0].Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture);
        if (headers.Any(header => header.Item1 == "transfer-encoding"))
        {
            var (chunks, terminated) = await ReadChunksAsync(stream, cancellationToken);
            return new RawReply(status, headers, Encoding.UTF8.GetBytes(string.Concat(chunks)), chunks, terminated);
        }

        var length = headers.Where(header => header.Item1 == "content-length").Select(header => int.Parse(header.Item2, System.Globalization.CultureInfo.InvariantCulture)).FirstOrDefault();
        var body = new byte[headOnly ? 0 : length];
        await stream.ReadExactlyAsync(body, cancellationToken);
        return new RawReply(status, headers, body, null, true);
    }

    private static async Task<string> ReadHeadAsync(Stream stream, CancellationToken cancellationToken)
    {
        var bytes = new List<byte>();
        var one = new byte[1];
        while (bytes.Count < 4 || !bytes[^4..].SequenceEqual("\r\n\r\n"u8.ToArray()))
        {
            try
            {
                if (await stream.ReadAsync(one, cancellationToken) == 0)
                {
                    break;
                }
            }
            catch (IOException)
            {
                break;
            }

            bytes.Add(one[0]);
        }

        return Encoding.Latin1.GetString([.. bytes]);
    }

    private static async Task<(List<string> Chunks, bool Terminated)> ReadChunksAsync(Stream stream, CancellationToken cancellationToken)
    {
        var chunks = new List<string>();
        while (true)
        {
            var line = await ReadLineAsync(stream, cancellationToken);
            if (line is null)
            {
                return (chunks, false);
            }

            var size = Convert.ToInt32(line, 16);
            var chunk = new byte[size + 2];
            await stream.ReadExactlyAsync(chunk, cancellationToken);
            if (size == 0)
            {
                return (chunks, true);
            }

            chunks.Add(Encoding.UTF8.GetString(chunk, 0, size));
        }
    }

    private static async Task<string?> ReadLineAsync(Stream stream, CancellationToken cancellationToken)
    {
        var text = new StringBuilder();
        var one = new byte[1];
        while (true)
        {
            try
            {
                if (await stream.ReadAsync(one, cancellationToken) == 0)
                {
                    return null;
                }
            }
            catch (IOException)
            {
                return null;
            }

            if (one[0] == '\n')
            {
                return text.ToString().TrimEnd('\r');
            }

            text.Append((char)one[0]);
        }
    }
}
