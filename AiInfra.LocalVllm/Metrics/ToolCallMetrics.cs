namespace AiInfra.LocalVllm.Metrics;

/// <summary>Counts how often a tool-call parser looked at an answer; exposed once a parser has been used.</summary>
internal sealed class ToolCallMetrics(string modelName)
{
    private static readonly string[] Modes = ["streaming", "non_streaming"];
    private static readonly string[] Outcomes = ["tool_call", "no_tool_call"];
    private static readonly string[] RequestTypes = ["chat_completions", "responses", "other"];
    private readonly long[] _counts = new long[12];
    private bool _used;

    public void Record(bool streaming, bool toolCall, string requestType)
    {
        _used = true;
        var type = Math.Max(0, Array.IndexOf(RequestTypes, requestType));
        Interlocked.Increment(ref _counts[((streaming ? 0 : 1) * 2 + (toolCall ? 0 : 1)) * 3 + type]);
    }

    public void Write(Exposition page)
    {
        if (!_used)
        {
            return;
        }

        var series = new (string, double)[12];
        for (var i = 0; i < series.Length; i++)
        {
            series[i] = (
                $"mode=\"{Modes[i / 6]}\",model_name=\"{modelName}\",outcome=\"{Outcomes[i / 3 % 2]}\",request_type=\"{RequestTypes[i % 3]}\"",
                Interlocked.Read(ref _counts[i]));
        }

        page.Counter("vllm:tool_call_parser_invocations", "Answers (or pieces) that the tool-call parser looked at.", series);
    }
}
