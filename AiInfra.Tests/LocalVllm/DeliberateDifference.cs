using System.Text.RegularExpressions;

namespace AiInfra.Tests.LocalVllm;

/// <summary>Where LocalVllm differs from vLLM on purpose. This list is all that may differ.</summary>
/// <param name="Exchanges">A pattern of exchange names.</param>
/// <param name="Where">A pattern of differences.</param>
/// <param name="Reason">Why.</param>
internal sealed record DeliberateDifference(string Exchanges, string Where, string Reason)
{
    /// <summary>The engine that differs; null for all.</summary>
    public string? Engine { get; init; }

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
            "The recorded model wrote calls that cannot be read; here a forced call can be."),
        new("structured/json_object|chat/n2_temp1", @"^\.choices\[0\]\.finish_reason: ", "The simulator's text is shorter than the recorded model's.") { Engine = "simulated" },
        new("pooling/rerank_return_documents_false", @"^\.results\[\d\]\.index: ", "Which document is nearer is the model's judgement.") { Engine = "simulated" },
        new("chat-stream/stream_n2", @"^frames", "Two choices are two sequences: their frames may come in another order.") { Always = false },
        new(".*", "^server: ", "A chat model has no embeddings: this engine refuses to be a pooling server.") { Engine = "smollm2" },
        .. Endings,
    ];

    /// <summary>
    /// The recorded model computed in bf16, this one has 4-bit weights, and CPUs round differently: a near-tie ends an answer sooner or later, and so with another
    /// reason. Only the reason may differ, and that between the two natural ones.
    /// </summary>
    private static IEnumerable<DeliberateDifference> Endings => new[]
    {
        @"^(frames\[\d+\])?\.choices\[\d\]\.finish_reason: ""(stop|length)"" \| ""(stop|length)""$",
        @"^\.status: ""(completed|incomplete)"" \| ""(completed|incomplete)""$",
        @"^\.incomplete_details: ",
        @"^frames\[\d+\]: response\.(completed|incomplete) .* \| response\.(completed|incomplete) ",
        @"stop_reason: ""(end_turn|max_tokens)"" \| ""(end_turn|max_tokens)""$",
    }
    .Select(where => new DeliberateDifference(".*", where, "Where this build's answer ends is its own.") { Engine = "smollm2", Always = false })
    .Append(new DeliberateDifference("completions/stream_two_prompts", "^frames", "Where this build's answer ends is its own, and two of them run.") { Engine = "smollm2", Always = false });

    public static IEnumerable<DeliberateDifference> Of(string engine) => All.Where(entry => entry.Engine is null || entry.Engine == engine);

    public static DeliberateDifference? Find(string engine, string exchange, string difference) =>
        Of(engine).FirstOrDefault(entry => Regex.IsMatch(exchange, $"^(?:{entry.Exchanges})$") && Regex.IsMatch(difference, entry.Where));
}
