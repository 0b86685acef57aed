using System.Buffers;
using System.Text.Json;
using AiInfra.LocalVllm.Http;
using AiInfra.LocalVllm.Trouble;

namespace AiInfra.LocalVllm.Generation;

/// <summary>
/// A reply of server-sent events: headers go out at once, every event is one HTTP chunk, and while nothing comes a comment keeps the
/// connection alive (when configured).
/// </summary>
internal sealed class EventStream : IDisposable
{
    private readonly HttpContext _context;
    private readonly ArrayBufferWriter<byte> _buffer = new(1024);
    private readonly Utf8JsonWriter _json;
    private readonly TroublePlan? _trouble;
    private int _frames;

    private EventStream(HttpContext context)
    {
        _context = context;
        _json = new Utf8JsonWriter(_buffer, Replies.Json);
        _trouble = context.Features.Get<TroublePlan>();
    }

    public static async Task<EventStream> StartAsync(HttpContext context)
    {
        context.Response.ContentType = "text/event-stream; charset=utf-8";
        await context.Response.StartAsync(context.RequestAborted);
        await context.Response.Body.FlushAsync(context.RequestAborted);
        return new EventStream(context);
    }

    public void Dispose() => _json.Dispose();

    /// <summary>Sends one event.</summary>
    /// <param name="name">The <c>event:</c> line, or null for none.</param>
    /// <param name="state">Given to <paramref name="write"/>.</param>
    /// <param name="write">Writes the data.</param>
    public async ValueTask SendAsync<T>(string? name, T state, Action<T, Utf8JsonWriter> write)
    {
        if (_trouble is not null)
        {
            await TroubleGate.BeforeFrameAsync(_context, _trouble, _frames++);
        }

        _buffer.ResetWrittenCount();
        if (name is not null)
        {
            _buffer.Write("event: "u8);
            _buffer.Write(System.Text.Encoding.UTF8.GetBytes(name));
            _buffer.Write("\n"u8);
        }

        _buffer.Write("data: "u8);
        _json.Reset(_buffer);
        write(state, _json);
        _json.Flush();
        _buffer.Write("\n\n"u8);
        await _context.Response.Body.WriteAsync(_buffer.WrittenMemory, _context.RequestAborted);
    }

    public async ValueTask DoneAsync() => await _context.Response.Body.WriteAsync(DoneFrame, _context.RequestAborted);

    /// <summary>Passes deltas on, with a comment after every <paramref name="seconds"/> of silence; 0 adds none.</summary>
    public async IAsyncEnumerable<ChoiceDelta> KeepAliveAsync(IAsyncEnumerable<ChoiceDelta> deltas, int seconds)
    {
        await using var source = deltas.GetAsyncEnumerator(_context.RequestAborted);
        while (true)
        {
            var more = seconds > 0 ? await WaitAsync(source.MoveNextAsync().AsTask(), seconds) : await source.MoveNextAsync();
            if (!more)
            {
                yield break;
            }

            yield return source.Current;
        }
    }

    private async Task<bool> WaitAsync(Task<bool> next, int seconds)
    {
        while (await Task.WhenAny(next, Task.Delay(TimeSpan.FromSeconds(seconds), _context.RequestAborted)) != next
            && !_context.RequestAborted.IsCancellationRequested)
        {
            await _context.Response.Body.WriteAsync(KeepAliveComment, _context.RequestAborted);
        }

        return await next;
    }

    private static ReadOnlyMemory<byte> DoneFrame { get; } = "data: [DONE]\n\n"u8.ToArray();

    private static ReadOnlyMemory<byte> KeepAliveComment { get; } = ": keep-alive\n\n"u8.ToArray();
}
