namespace AiInfra.Gateway.Forwarding;

/// <summary>What one frame of an event stream means to the gateway.</summary>
internal enum SseFrameKind
{
    /// <summary>Content, passed on as it came.</summary>
    Data,

    /// <summary>A keep-alive (<c>: …</c>), not part of the answer.</summary>
    Comment,

    /// <summary>The frame that says that the answer is complete.</summary>
    Done,

    /// <summary>An error that the engine reports inside the stream.</summary>
    Error,

    /// <summary>The engine gave the request up and calls it a success.</summary>
    Abort,
}

/// <summary>Finds and tells apart the frames of a server-sent event stream.</summary>
/// <remarks>
/// Samples, as vLLM sends them, each ended by an empty line:
/// <code>
/// data: {"id":"chatcmpl-1","choices":[{"index":0,"delta":{"content":"Hi"},"finish_reason":null}]}
/// data: {"error":{"message":"…","type":"InternalServerError","param":null,"code":500}}
/// data: [DONE]
/// event: message_stop
/// </code>
/// </remarks>
internal static class SseFrames
{
    /// <returns>Length of the first frame with its empty line, or -1 while it is incomplete.</returns>
    public static int LengthOfFirst(ReadOnlySpan<byte> bytes)
    {
        var end = bytes.IndexOf("\n\n"u8);
        if (end >= 0)
        {
            return end + 2;
        }

        end = bytes.IndexOf("\n\r\n"u8);
        return end < 0 ? -1 : end + 3;
    }

    public static SseFrameKind Classify(ReadOnlySpan<byte> frame)
    {
        if (frame[0] == (byte)':')
        {
            return SseFrameKind.Comment;
        }

        if (frame.StartsWith("data: "u8))
        {
            return ClassifyData(frame[6..]);
        }

        if (frame.StartsWith("event: "u8))
        {
            var name = frame[7..];
            if (name.StartsWith("response.completed"u8) || name.StartsWith("response.incomplete"u8) || name.StartsWith("response.failed"u8)
                || name.StartsWith("message_stop"u8))
            {
                return SseFrameKind.Done;
            }

            return name.StartsWith("error"u8) ? SseFrameKind.Error : Aborts(frame) ? SseFrameKind.Abort : SseFrameKind.Data;
        }

        return SseFrameKind.Data;
    }

    private static SseFrameKind ClassifyData(ReadOnlySpan<byte> data) => data switch
    {
        _ when data.StartsWith("[DONE]"u8) => SseFrameKind.Done,
        _ when data.StartsWith("{\"error\""u8) => SseFrameKind.Error,
        _ when Aborts(data) => SseFrameKind.Abort,
        _ => SseFrameKind.Data,
    };

    /// <summary>True when the engine names an abort as the reason why it finished. A quote inside generated text is escaped, so text cannot feign it.</summary>
    public static bool Aborts(ReadOnlySpan<byte> json) =>
        json.IndexOf("\"abort\""u8) >= 0
        && (json.IndexOf("\"finish_reason\":\"abort\""u8) >= 0 || json.IndexOf("\"stop_reason\":\"abort\""u8) >= 0);
}
