using System.Text.RegularExpressions;

namespace AiInfra.Tests.LocalVllm;

/// <summary>Where LocalVllm differs from vLLM on purpose. This list is all that may differ.</summary>
/// <param name="Exchanges">A pattern of exchange names.</param>
/// <param name="Where">A pattern of differences.</param>
/// <param name="Reason">Why.</param>
internal sealed record DeliberateDifference(string Exchanges, string Where, string Reason)
{
    /// <summary>It shows in every run. False where it depends on what happens first.</summary>
    public bool Always { get; init; } = true;

    public static IReadOnlyList<DeliberateDifference> All { get; } =
    [
        new(".*", @"^\.data\[\d\]\.(owned_by|notice): ", "The list of models says that this is not vLLM."),
        new("tokenize/tokenizer_info_enabled", @"^\.tokenizer_class: ", "It names the class that tokenizes here."),
        new("http/no_host_header", "", "Kestrel refuses HTTP/1.1 without Host, as the standard demands."),
        new("http/http10_stream", "", "Kestrel does not send chunks to HTTP/1.0, which does not know them."),
        new(
            "tools/(named|required|parallel_tool_calls_false)(_stream)?|messages/tool_any|responses/tool_required",
            "",
            "The recorded model wrote calls that cannot be read; the simulator writes good ones."),
        new("structured/json_object|chat/n2_temp1", @"^\.choices\[0\]\.finish_reason: ", "The simulator's text is shorter than the recorded model's."),
        new("pooling/rerank_return_documents_false", @"^\.results\[\d\]\.index: ", "Which document is nearer is the model's judgement."),
        new("chat-stream/stream_n2", @"^frames", "Two choices are two sequences: their frames may come in another order.") { Always = false },
    ];

    public static DeliberateDifference? Find(string exchange, string difference) =>
        All.FirstOrDefault(entry => Regex.IsMatch(exchange, $"^(?:{entry.Exchanges})$") && Regex.IsMatch(difference, entry.Where));
}
