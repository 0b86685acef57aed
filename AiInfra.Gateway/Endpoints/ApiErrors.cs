using System.Buffers;
using System.Globalization;

namespace AiInfra.Gateway.Endpoints;

/// <summary>Writes an <see cref="ApiError"/> as a response in the dialect of the endpoint.</summary>
internal static class ApiErrors
{
    public static Task WriteErrorAsync(this HttpContext context, Dialect dialect, ApiError error) => context.WriteErrorAsync(dialect, error, readyBody: null);

    /// <param name="context">The request.</param>
    /// <param name="dialect">The endpoint's dialect.</param>
    /// <param name="error">Status and headers, and the body unless there is a ready one.</param>
    /// <param name="readyBody">A body that is already in the dialect, or null.</param>
    public static async Task WriteErrorAsync(this HttpContext context, Dialect dialect, ApiError error, byte[]? readyBody)
    {
        var response = context.Response;
        var body = readyBody.AsMemory();
        if (readyBody is null)
        {
            var written = new ArrayBufferWriter<byte>(256);
            Write(written, dialect, error);
            body = written.WrittenMemory.ToArray();
        }

        response.StatusCode = error.Status;
        response.ContentType = dialect == Dialect.Problem ? "application/problem+json" : "application/json";
        response.ContentLength = body.Length;
        if (error.RetryAfterSeconds is { } seconds)
        {
            response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        }

        if (error.Status == StatusCodes.Status401Unauthorized)
        {
            response.Headers.WWWAuthenticate = "Bearer";
        }

        await response.Body.WriteAsync(body, context.RequestAborted);
    }

    public static void Write(IBufferWriter<byte> output, Dialect dialect, ApiError error)
    {
        switch (dialect)
        {
            case Dialect.Anthropic:
                AnthropicErrors.Write(output, error);
                break;
            case Dialect.Problem:
                ProblemErrors.Write(output, error);
                break;
            default:
                OpenAiErrors.Write(output, error);
                break;
        }
    }
}
