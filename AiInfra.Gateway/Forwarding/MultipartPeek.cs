using System.Text;
using AiInfra.Gateway.Endpoints;
using Microsoft.Net.Http.Headers;

namespace AiInfra.Gateway.Forwarding;

/// <summary>Finds the field <c>model</c> in a <c>multipart/form-data</c> body, as the audio endpoints take it.</summary>
internal static class MultipartPeek
{
    public static ApiError? TryRead(ReadOnlySpan<byte> body, string? contentType, out ByteRange model)
    {
        model = default;
        if (!MediaTypeHeaderValue.TryParse(contentType, out var type) || type.MediaType != "multipart/form-data"
            || HeaderUtilities.RemoveQuotes(type.Boundary) is not { Length: > 0 and <= 70 } boundary)
        {
            return ApiError.InvalidRequest("The request must be multipart/form-data with a boundary.");
        }

        ReadOnlySpan<byte> delimiter = Encoding.ASCII.GetBytes($"--{boundary}");
        var part = body.IndexOf(delimiter);
        while (part >= 0)
        {
            var headers = part + delimiter.Length;
            var next = body[headers..].IndexOf(delimiter);
            if (next < 0)
            {
                break;
            }

            if (ModelIn(body, headers, headers + next) is { } found)
            {
                if (model.IsThere)
                {
                    return ApiError.InvalidRequest("The field 'model' occurs twice.", "model");
                }

                model = found;
            }

            part = headers + next;
        }

        return model.IsThere ? null : ApiError.InvalidRequest("The field 'model' is required.", "model");
    }

    private static ByteRange? ModelIn(ReadOnlySpan<byte> body, int start, int end)
    {
        var part = body[start..end];
        var headersEnd = part.IndexOf("\r\n\r\n"u8);
        if (headersEnd < 0)
        {
            return null;
        }

        foreach (var line in Encoding.Latin1.GetString(part[..headersEnd]).Split("\r\n", StringSplitOptions.RemoveEmptyEntries))
        {
            const string Name = "Content-Disposition:";
            if (line.StartsWith(Name, StringComparison.OrdinalIgnoreCase)
                && ContentDispositionHeaderValue.TryParse(line[Name.Length..], out var disposition)
                && HeaderUtilities.RemoveQuotes(disposition.Name) == "model")
            {
                var valueStart = headersEnd + 4;
                var value = part[valueStart..].TrimEnd("\r\n"u8);
                return new ByteRange(start + valueStart, value.Length);
            }
        }

        return null;
    }
}
