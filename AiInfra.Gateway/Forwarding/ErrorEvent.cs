using System.Buffers;
using System.Text.Json;
using AiInfra.Gateway.Endpoints;

namespace AiInfra.Gateway.Forwarding;

/// <summary>An error as the last event of a stream that has already begun.</summary>
internal static class ErrorEvent
{
    public static ReadOnlyMemory<byte> Format(Dialect dialect, ApiError error)
    {
        var frame = new ArrayBufferWriter<byte>(256);
        frame.Write(dialect is Dialect.Anthropic or Dialect.Responses ? "event: error\ndata: "u8 : "data: "u8);
        if (dialect == Dialect.Responses)
        {
            WriteResponsesEvent(frame, error);
        }
        else
        {
            ApiErrors.Write(frame, dialect, error);
        }

        frame.Write("\n\n"u8);
        return frame.WrittenMemory;
    }

    // https://platform.openai.com/docs/api-reference/responses-streaming/error
    private static void WriteResponsesEvent(IBufferWriter<byte> output, ApiError error)
    {
        using var json = new Utf8JsonWriter(output);
        json.WriteStartObject();
        json.WriteString("type"u8, "error"u8);
        json.WriteString("code"u8, error.Code);
        json.WriteString("message"u8, error.Message);
        json.WriteString("param"u8, error.Param);
        json.WriteEndObject();
    }
}
