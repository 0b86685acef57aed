using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using AiInfra.Tests.LocalVllm;
using Microsoft.AspNetCore.Http;

namespace AiInfra.Tests.Gateway;

/// <summary>A recorded reply of a real vLLM as the bytes that it sends.</summary>
internal static class RecordedReplay
{
    private static readonly JsonSerializerOptions AsVllmWrites = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static byte[] BodyOf(RecordedExchange exchange)
    {
        if (exchange.Frames is { } frames)
        {
            return Encoding.UTF8.GetBytes(string.Concat(frames.Select(TextOf)));
        }

        return Encoding.UTF8.GetBytes(exchange.Json is { } json ? Compact(json) : exchange.Text ?? exchange.TextStart ?? "");
    }

    public static async Task SendAsync(HttpContext context, RecordedExchange exchange)
    {
        context.Response.StatusCode = exchange.Status;
        context.Response.ContentType = exchange.ContentType ?? (exchange.Frames is null ? "application/json" : "text/event-stream; charset=utf-8");
        var body = BodyOf(exchange);
        if (exchange.Frames is null)
        {
            context.Response.ContentLength = body.Length;
        }

        await context.Response.Body.WriteAsync(body, context.RequestAborted);
    }

    private static string TextOf(RecordedFrame frame) =>
        frame.Done ? "data: [DONE]\n\n"
        : frame.Comment is { } comment ? $": {comment}\n\n"
        : (frame.Event is { } name ? $"event: {name}\n" : "") + $"data: {(frame.Json is { } json ? Compact(json) : "")}\n\n";

    private static string Compact(JsonElement json) => JsonSerializer.Serialize(json, AsVllmWrites);
}
