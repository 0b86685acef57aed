using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using Microsoft.AspNetCore.Connections;

namespace AiInfra.LocalVllm.Http;

/// <summary>
/// Kestrel answers what is no HTTP with an empty 400 (or 414, 431); uvicorn with a text. This stands below Kestrel and writes uvicorn's in its place:
/// only replies that Kestrel makes itself begin with such a status and close the connection at once.
/// </summary>
internal static class BadRequestText
{
    private const string Text = "Invalid HTTP request received.";

    public static ConnectionDelegate Below(ConnectionDelegate next) => context =>
    {
        context.Transport = new Pipe(context.Transport.Input, new Writer(context.Transport.Output));
        return next(context);
    };

    private sealed record Pipe(PipeReader Input, PipeWriter Output) : IDuplexPipe;

    private sealed class Writer(PipeWriter inner) : PipeWriter
    {
        private Memory<byte> _memory;
        private bool _atStart = true;
        private bool _first = true;

        public override bool CanGetUnflushedBytes => inner.CanGetUnflushedBytes;

        public override long UnflushedBytes => inner.UnflushedBytes;

        public override void Advance(int bytes)
        {
            if (_atStart && bytes > 0)
            {
                _atStart = false;
                // To HTTP/2 with prior knowledge Kestrel says goodbye in HTTP/2's frames.
                var notHttp = _first && !_memory.Span[..bytes].StartsWith("HTTP/1"u8);
                _first = false;
                if (notHttp || IsKestrelsOwn(_memory.Span[..bytes]))
                {
                    var reply = Encoding.ASCII.GetBytes(
                        $"HTTP/1.1 400 Bad Request\r\ndate: {DateTimeOffset.UtcNow:R}\r\nserver: uvicorn\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: {Text.Length}\r\nconnection: close\r\n\r\n{Text}");
                    inner.Write(reply);
                    return;
                }
            }

            inner.Advance(bytes);
        }

        public override Memory<byte> GetMemory(int sizeHint = 0) => _memory = inner.GetMemory(sizeHint);

        public override Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

        public override void CancelPendingFlush() => inner.CancelPendingFlush();

        public override void Complete(Exception? exception = null) => inner.Complete(exception);

        public override ValueTask CompleteAsync(Exception? exception = null) => inner.CompleteAsync(exception);

        public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
        {
            _atStart = true;
            return inner.FlushAsync(cancellationToken);
        }

        private static bool IsKestrelsOwn(ReadOnlySpan<byte> head) =>
            head.StartsWith("HTTP/1.1 4"u8)
            && head.IndexOf("Content-Length: 0\r\nConnection: close"u8) is > 0 and < 80
            && head.IndexOf("Server: "u8) < 0;
    }
}
