using System.Text.Json;
using AiInfra.LocalVllm.Engine;
using AiInfra.LocalVllm.Generation;
using AiInfra.LocalVllm.Metrics;
using AiInfra.LocalVllm.Serving;
using AiInfra.LocalVllm.Tools;

namespace AiInfra.LocalVllm.Chat;

/// <summary>Writes the object <c>chat.completion</c>.</summary>
internal sealed class ChatReplyWriter(IInferenceEngine engine, ServeSettings settings, ToolCallMetrics toolMetrics, Fingerprint fingerprint, TimeProvider time)
{
    public void Write(Utf8JsonWriter json, ChatRequest request, IReadOnlyList<CompletedChoice> choices) =>
        Write(json, request, choices, settings.PromptTokensDetails);

    /// <param name="json">The reply.</param>
    /// <param name="request">What was asked for.</param>
    /// <param name="choices">What was answered.</param>
    /// <param name="details">Whether usage tells cached tokens.</param>
    public void Write(Utf8JsonWriter json, ChatRequest request, IReadOnlyList<CompletedChoice> choices, bool details)
    {
        json.WriteStartObject();
        json.WriteString("id", request.Text.Id);
        json.WriteString("object", "chat.completion");
        json.WriteNumber("created", time.GetUtcNow().ToUnixTimeSeconds());
        json.WriteString("model", request.ModelName);
        json.WriteStartArray("choices");
        for (var i = 0; i < choices.Count; i++)
        {
            WriteChoice(json, request, choices[i], i);
        }

        json.WriteEndArray();
        json.WriteNull("service_tier");
        json.WriteString("system_fingerprint", fingerprint.Value);
        Usage.Of(request.Text, choices).Write(json, details, chat: true);
        json.WritePropertyName("prompt_logprobs");
        if (request.PromptLogprobs && choices[0].Prefill?.PromptLogprobs is { } promptLogprobs)
        {
            LogprobsWriter.WritePrompt(json, promptLogprobs, engine.Tokenizer);
        }
        else
        {
            json.WriteNullValue();
        }

        WriteTokens(json, "prompt_token_ids", request.ReturnTokenIds ? request.Text.Prompts[0].Tokens : null);
        json.WriteNull("prompt_text");
        json.WriteNull("kv_transfer_params");
        json.WriteNull("ec_transfer_params");
        json.WriteNull("metrics");
        json.WriteEndObject();
    }

    public static void WriteTokens(Utf8JsonWriter json, string name, IReadOnlyList<int>? tokens)
    {
        if (tokens is null)
        {
            json.WriteNull(name);
            return;
        }

        json.WriteStartArray(name);
        foreach (var token in tokens)
        {
            json.WriteNumberValue(token);
        }

        json.WriteEndArray();
    }

    public static void WriteStopReason(Utf8JsonWriter json, StopCause? reason)
    {
        if (reason is { Text: { } text })
        {
            json.WriteString("stop_reason", text);
        }
        else if (reason is { Token: { } token })
        {
            json.WriteNumber("stop_reason", token);
        }
        else
        {
            json.WriteNull("stop_reason");
        }
    }

    private void WriteChoice(Utf8JsonWriter json, ChatRequest request, CompletedChoice choice, int index)
    {
        var (content, calls) = request.ToolChoice.Parse ? HermesParser.Parse(choice.Text) : (choice.Text, []);
        if (request.ToolChoice.Parse)
        {
            toolMetrics.Record(streaming: false, calls.Count > 0, "chat_completions");
        }

        json.WriteStartObject();
        json.WriteNumber("index", index);
        json.WriteStartObject("message");
        json.WriteString("role", "assistant");
        json.WriteString("content", content);
        json.WriteNull("refusal");
        json.WriteNull("annotations");
        json.WriteNull("audio");
        json.WriteNull("function_call");
        if (calls.Count > 0)
        {
            WriteCalls(json, calls);
        }

        json.WriteNull("reasoning");
        json.WriteEndObject();
        json.WritePropertyName("logprobs");
        if (choice.Logprobs is { } logprobs)
        {
            LogprobsWriter.WriteChat(json, logprobs, engine.Tokenizer);
        }
        else
        {
            json.WriteNullValue();
        }

        json.WriteString("finish_reason", calls.Count > 0 ? "tool_calls" : Usage.Word(choice.Finish));
        WriteStopReason(json, choice.StopReason);
        WriteTokens(json, "token_ids", request.ReturnTokenIds ? choice.Tokens : null);
        json.WriteNull("routed_experts");
        json.WriteEndObject();
    }

    private static void WriteCalls(Utf8JsonWriter json, IReadOnlyList<ToolCall> calls)
    {
        json.WriteStartArray("tool_calls");
        foreach (var call in calls)
        {
            json.WriteStartObject();
            json.WriteString("id", call.Id);
            json.WriteString("type", "function");
            json.WriteStartObject("function");
            json.WriteString("name", call.Name);
            json.WriteString("arguments", call.Arguments);
            json.WriteEndObject();
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }
}
