using System.Text.Json;
using AiInfra.LocalVllm.Http;
using AiInfra.LocalVllm.Serving;

namespace AiInfra.LocalVllm.Chat;

/// <summary>Reads <c>stream_options</c>: continuous usage does nothing without the last frame's, and a flag forces both.</summary>
internal static class StreamOptionsReader
{
    public static StreamOptions Read(FieldReader body, bool stream, ServeSettings settings)
    {
        var options = body.Value("stream_options");
        if (options is not null && !stream)
        {
            throw ApiError.BadRequest("Stream options can only be defined when `stream=True`. (parameter=stream_options)", "stream_options");
        }

        if (settings.ForceIncludeUsage)
        {
            return new StreamOptions(true, true);
        }

        if (options is not { ValueKind: JsonValueKind.Object } given)
        {
            return default;
        }

        var fields = new FieldReader(given, "body.stream_options", body.Issues);
        var include = fields.Flag("include_usage", false);
        var continuous = fields.Flag("continuous_usage_stats", false);
        body.Issues.ThrowIfAny();
        return new StreamOptions(include, include && continuous);
    }
}
