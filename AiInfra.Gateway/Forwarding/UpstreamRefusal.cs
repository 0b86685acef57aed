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
/// <param name="Outcome">What the status means for the attempt.</param>
internal sealed record UpstreamRefusal(ApiError Error, byte[]? Body, AttemptOutcome Outcome)
{
    public static UpstreamRefusal NoReplica { get; } = new(ApiError.NoReplica, null, AttemptOutcome.Unreachable);

    public static UpstreamRefusal Timeout { get; } = new(ApiError.UpstreamTimeout, null, AttemptOutcome.TimedOut);

    public static UpstreamRefusal Broken { get; } = new(ApiError.UpstreamBroken, null, AttemptOutcome.BrokenBeforeFirstByte);

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
            return new(ApiError.UpstreamBroken with { Message = "The model server refused the gateway." }, null, AttemptOutcome.ServerError);
        }

        var outcome = status switch
        {
            StatusCodes.Status429TooManyRequests or StatusCodes.Status503ServiceUnavailable => AttemptOutcome.Busy,
            // What vLLM says to a new request while it drains.
            >= 500 when body.IndexOf("cannot schedule new futures after shutdown"u8) >= 0 => AttemptOutcome.ShuttingDown,
            >= 500 => AttemptOutcome.ServerError,
            _ => AttemptOutcome.Refused,
        };

        var fallback = new ApiError(status, status >= 500 ? "server_error" : "invalid_request_error", null, "The model server refused the request.");
        if (status is StatusCodes.Status503ServiceUnavailable or StatusCodes.Status429TooManyRequests)
        {
            fallback = fallback with { RetryAfterSeconds = 1 };
        }

        try
        {
            var reader = new Utf8JsonReader(body);
            using var document = JsonDocument.ParseValue(ref reader);
            return FromJson(document.RootElement, body, dialect, fallback) with { Outcome = outcome };
        }
        catch (JsonException)
        {
            return new(fallback with { Message = Cut(Encoding.UTF8.GetString(body), fallback.Message) }, null, outcome);
        }
    }

    private static UpstreamRefusal FromJson(JsonElement root, ReadOnlySpan<byte> body, Dialect dialect, ApiError fallback)
    {
        if (root.ValueKind != JsonValueKind.Object)
        {
            return new(fallback, null, default);
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
                isAnthropic == (dialect == Dialect.Anthropic) ? body.ToArray() : null,
                default);
        }

        var message = TextOf(root, "error") ?? TextOf(root, "detail") ?? TextOf(root, "message");
        return new(fallback with { Message = Cut(message, fallback.Message) }, null, default);
    }

    private static string? TextOf(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static string Cut(string? message, string otherwise) =>
        string.IsNullOrWhiteSpace(message) ? otherwise : message.Length <= MaxMessage ? message : message[..MaxMessage];
}
