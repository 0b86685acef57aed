using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;

namespace AiInfra.LocalVllm.Http;

/// <summary>
/// Reads a JSON body with Python's eyes: a byte-order mark is skipped, of duplicate keys the last counts, <c>NaN</c> and <c>Infinity</c>
/// are numbers, and what cannot be parsed is a validation error that names the character.
/// </summary>
internal static class JsonBody
{
    /// <summary>What a <c>NaN</c> or <c>Infinity</c> literal is read as; nobody would send it.</summary>
    public const string NotFinite = "\u0001not-finite:";

    private static readonly JsonDocumentOptions Options = new() { MaxDepth = 512 };

    public static async Task<JsonDocument> ReadAsync(HttpContext context)
    {
        var request = context.Request;
        if (!IsJson(request.ContentType))
        {
            throw ValidationIssues.Single("Unsupported Media Type: Only 'application/json' is allowed");
        }

        return await ParseAsync(request, context.RequestAborted);
    }

    private static async Task<JsonDocument> ParseAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        var reader = request.BodyReader;
        while (true)
        {
            var result = await reader.ReadAsync(cancellationToken);
            if (result.IsCompleted)
            {
                var bytes = result.Buffer.ToArray();
                reader.AdvanceTo(result.Buffer.End);
                return Parse(bytes);
            }

            reader.AdvanceTo(result.Buffer.Start, result.Buffer.End);
        }
    }

    /// <exception cref="ApiError">The text is no JSON.</exception>
    /// <exception cref="UnreadableBodyException">The bytes are no UTF-8.</exception>
    public static JsonDocument Parse(byte[] bytes)
    {
        var body = bytes.AsMemory();
        if (body.Span.StartsWith("\uFEFF"u8))
        {
            body = body[3..];
        }

        if (!Utf8.IsValid(body.Span))
        {
            throw new UnreadableBodyException();
        }

        if (body.Length == 0)
        {
            throw ValidationIssues.Missing("body", "None");
        }

        try
        {
            return JsonDocument.Parse(body, Options);
        }
        catch (JsonException)
        {
            return Retry(body.Span);
        }
    }

    private static JsonDocument Retry(ReadOnlySpan<byte> body)
    {
        var text = Encoding.UTF8.GetString(body);
        if (PythonJson.QuoteNotFinite(text) is { } quoted)
        {
            try
            {
                return JsonDocument.Parse(quoted, Options);
            }
            catch (JsonException)
            {
                // Reported with the original text below.
            }
        }

        var (position, message) = PythonJson.FindError(text);
        throw ValidationIssues.InvalidJson(position, message);
    }

    private static bool IsJson(string? contentType)
    {
        var type = contentType.AsSpan();
        var semicolon = type.IndexOf(';');
        type = (semicolon < 0 ? type : type[..semicolon]).Trim();
        return type.Equals("application/json", StringComparison.OrdinalIgnoreCase)
            || (type.StartsWith("application/", StringComparison.OrdinalIgnoreCase) && type.EndsWith("+json", StringComparison.OrdinalIgnoreCase));
    }
}
