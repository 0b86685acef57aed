using System.Buffers;
using System.Text.Json;

namespace AiInfra.Gateway.Endpoints;

/// <summary>Problem details (RFC 9457), the dialect of the memory endpoints.</summary>
internal static class ProblemErrors
{
    public static void Write(IBufferWriter<byte> output, ApiError error)
    {
        using var json = new Utf8JsonWriter(output);
        json.WriteStartObject();
        json.WriteString("title"u8, error.Message);
        json.WriteNumber("status"u8, error.Status);
        if (error.Code is { } code)
        {
            json.WriteString("code"u8, code);
        }

        json.WriteEndObject();
    }
}
