using System.Buffers;
using AiInfra.Gateway.Endpoints;

namespace AiInfra.Gateway.Forwarding;

/// <summary>An error as the last event of a stream that has already begun.</summary>
internal static class ErrorEvent
{
    public static ReadOnlyMemory<byte> Format(Dialect dialect, ApiError error)
    {
        var frame = new ArrayBufferWriter<byte>(256);
        frame.Write(dialect == Dialect.Anthropic ? "event: error\ndata: "u8 : "data: "u8);
        ApiErrors.Write(frame, dialect, error);
        frame.Write("\n\n"u8);
        return frame.WrittenMemory;
    }
}
