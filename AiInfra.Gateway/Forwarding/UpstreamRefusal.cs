using System.Buffers;
using System.Text;
using System.Text.Json;
using AiInfra.Gateway.Endpoints;

namespace AiInfra.Gateway.Forwarding;

/// <summary>
/// An error answer of a model server in the dialect of the endpoint. vLLM has five shapes: OpenAI's object, <c>{"error":"text"}</c>,
/// <c>{"detail":…}</c>, Anthropic's object, and plain text. Its message is kept; a body that is already right goes out unchanged.
/// </summary>
/// <param name="Error">What to say when the body is not right as it came.</param>
/// <param name="Body">The body as it came, when it is already in the endpoint's dialect; else null.</param>
internal sealed record UpstreamRefusal(ApiError Error, byte[]? Body)
{
    private const int MaxBytes = 64 << 10;
    private const int MaxMessage = 2000;

    public static async ValueTask<UpstreamRefusal> ReadAsync(HttpResponseMessage reply, Dialect dialect, CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(MaxBytes);
        try
        {
            await using var stream = await reply.Content.ReadAsStreamAsync(cancellationToken);
            var count = await stream.ReadAtLeastAsync(buffer.AsMemory(0, MaxBytes), MaxBytes, throwOnEndOfStream: false, cancellationToken);
            return From((int)reply.StatusCode, buffer.AsSpan(0, count), dialect);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    public static UpstreamRefusal From(int status, ReadOnlySpan<byte> body, Dialect dialect)
    {
        // The gateway's own key or address is wrong: nothing that a caller could correct.
        if (status is StatusCodes.Status401Unauthorized or StatusCodes.Status403Forbidden or < 400)
        {
            return new(ApiError.UpstreamBroken with { Message = "The model server refused the gateway." }, null);
        }

        var fallback = new ApiError(status, status >= 500 ? "server_error" : "invalid_request_error", null, "The model server refused the request.");
        if (status is StatusCodes.Status503ServiceUnavailable or StatusCodes.Status429TooManyRequests)
        {
            fallback = fallback with { RetryAfterSeconds = 1 };
        }

        try
        {
            var reader = new Utf8JsonReader(body);
            using var document = JsonDocument.ParseValue(ref reader);
            return FromJson(document.RootElement, body, dialect, fallback);
        }
        catch (JsonException)
        {
            return new(fallback with { Message = Cut(Encoding.UTF8.GetString(body), fallback.Message) }, null);
        }
    }

    private static UpstreamRefusal FromJson(JsonElement root, ReadOnlySpan<byte> body, Dialect dialect, ApiError fallback)
    {
        if (root.ValueKind != JsonValueKind.Object)
        {
            return new(fallback, null);
        }

        if (root.TryGetProperty("error", out var error) && error.ValueKind == JsonValueKind.Object)
        {
            var isAnthropic = root.TryGetProperty("type", out _);
            return new(
                fallback with
                {
                    Message = Cut(TextOf(error, "message"), fallback.Message),
                    Type = TextOf(error, "type") ?? fallback.Type,
                    Param = TextOf(error, "param"),
                },
                isAnthropic == (dialect == Dialect.Anthropic) ? body.ToArray() : null);
        }

        var message = TextOf(root, "error") ?? TextOf(root, "detail") ?? TextOf(root, "message");
        return new(fallback with { Message = Cut(message, fallback.Message) }, null);
    }

    private static string? TextOf(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static string Cut(string? message, string otherwise) =>
        string.IsNullOrWhiteSpace(message) ? otherwise : message.Length <= MaxMessage ? message : message[..MaxMessage];
}
