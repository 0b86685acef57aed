using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using AiInfra.LocalVllm.Trouble;

namespace AiInfra.LocalVllm.Http;

/// <summary>Writes whole replies, as vLLM's server does: JSON without escapes beyond what JSON demands, and a Content-Length.</summary>
internal static class Replies
{
    public static readonly JsonWriterOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    [ThreadStatic]
    private static ArrayBufferWriter<byte>? _buffer;

    [ThreadStatic]
    private static Utf8JsonWriter? _writer;

    public static Task JsonAsync(HttpContext context, int status, Action<Utf8JsonWriter> write) => JsonAsync(context, status, write, static (write, json) => write(json));

    public static Task JsonAsync<T>(HttpContext context, int status, T state, Action<T, Utf8JsonWriter> write)
    {
        // Both are used and handed back before the first await.
        var buffer = _buffer ??= new ArrayBufferWriter<byte>(4096);
        var json = _writer ??= new Utf8JsonWriter(buffer, Json);
        buffer.ResetWrittenCount();
        json.Reset(buffer);
        write(state, json);
        json.Flush();
        var response = context.Response;
        response.StatusCode = status;
        response.ContentType = "application/json";
        response.ContentLength = buffer.WrittenCount;
        if (context.Features.Get<TroublePlan>() is { } trouble)
        {
            return TroubleGate.WholeAsync(context, trouble, buffer.WrittenSpan.ToArray());
        }

        response.BodyWriter.Write(buffer.WrittenSpan);
        if (buffer.Capacity > 1 << 20)
        {
            (_buffer, _writer) = (null, null);
        }

        return Task.CompletedTask;
    }

    public static Task ErrorAsync(HttpContext context, ApiError error) => JsonAsync(context, error.Status, error, static (error, json) => error.Write(json));

    /// <summary>FastAPI's own shape, for unknown routes, wrong methods and unreadable bodies.</summary>
    public static Task DetailAsync(HttpContext context, int status, string detail) => JsonAsync(context, status, detail, static (detail, json) =>
    {
        json.WriteStartObject();
        json.WriteString("detail", detail);
        json.WriteEndObject();
    });

    public static Task TextAsync(HttpContext context, int status, string contentType, string text)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = contentType;
        var bytes = System.Text.Encoding.UTF8.GetBytes(text);
        context.Response.ContentLength = bytes.Length;
        return context.Response.Body.WriteAsync(bytes, context.RequestAborted).AsTask();
    }

    public static Task EmptyAsync(HttpContext context, int status)
    {
        context.Response.StatusCode = status;
        context.Response.ContentLength = 0;
        return Task.CompletedTask;
    }
}
