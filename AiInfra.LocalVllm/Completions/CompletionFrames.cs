using System.Text.Json;
using AiInfra.LocalVllm.Chat;
using AiInfra.LocalVllm.Engine;
using AiInfra.LocalVllm.Generation;

namespace AiInfra.LocalVllm.Completions;

/// <summary>Writes the object <c>text_completion</c>, whole or as frames.</summary>
internal sealed class CompletionFrames(CompletionRequest request, ITextTokenizer tokenizer, string fingerprint, long created, bool details)
{
    // Where a choice's text stands, for text_offset.
    private readonly int[] _offsets = new int[request.Text.Prompts.Count * request.Text.Choices];
    private readonly bool[] _begun = new bool[request.Text.Prompts.Count * request.Text.Choices];

    public void Whole(Utf8JsonWriter json, IReadOnlyList<CompletedChoice> choices)
    {
        Begin(json);
        json.WriteStartArray("choices");
        for (var i = 0; i < choices.Count; i++)
        {
            WriteChoice(json, choices[i], i);
        }

        json.WriteEndArray();
        json.WriteNull("service_tier");
        json.WriteString("system_fingerprint", fingerprint);
        Generation.Usage.Of(request.Text, choices).Write(json, details, chat: false);
        json.WriteNull("kv_transfer_params");
        json.WriteNull("ec_transfer_params");
        json.WriteNull("metrics");
        json.WriteEndObject();
    }

    public void Delta(Utf8JsonWriter json, ChoiceDelta delta, Usage usage, bool last)
    {
        var prompt = request.Text.Prompts[delta.Choice / request.Text.Choices];
        var first = !_begun[delta.Choice];
        _begun[delta.Choice] = true;
        var echoed = first && request.Echo ? PromptText(prompt) : "";
        Begin(json);
        json.WriteStartArray("choices");
        json.WriteStartObject();
        json.WriteNumber("index", delta.Choice);
        json.WriteString("text", request.PromptOnly ? echoed : echoed + delta.Text);
        json.WritePropertyName("logprobs");
        if (delta.Logprobs is { } logprobs)
        {
            LogprobsWriter.WriteCompletion(json, delta.Tokens, logprobs, tokenizer, _offsets[delta.Choice]);
            _offsets[delta.Choice] += delta.Tokens.Sum(token => LogprobsWriter.Text(token, tokenizer).Length);
        }
        else
        {
            json.WriteNullValue();
        }

        json.WriteString("finish_reason", delta.Finish is { } finish ? Generation.Usage.Word(finish) : null);
        ChatReplyWriter.WriteStopReason(json, delta.StopReason);
        ChatReplyWriter.WriteTokens(json, "prompt_token_ids", first && (request.ReturnTokenIds || request.Echo) ? prompt.Tokens : null);
        ChatReplyWriter.WriteTokens(json, "token_ids", request.ReturnTokenIds ? delta.Tokens : null);
        json.WriteEndObject();
        json.WriteEndArray();
        if (request.StreamOptions.Continuous)
        {
            usage.WriteRunning(json, chat: false);
        }

        if (last)
        {
            json.WriteString("system_fingerprint", fingerprint);
        }

        json.WriteEndObject();
    }

    public void Usage(Utf8JsonWriter json, Usage usage)
    {
        Begin(json);
        json.WriteStartArray("choices");
        json.WriteEndArray();
        usage.WriteFinal(json, details, chat: false);
        json.WriteString("system_fingerprint", fingerprint);
        json.WriteEndObject();
    }

    private void Begin(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("id", request.Text.Id);
        json.WriteString("object", "text_completion");
        json.WriteNumber("created", created);
        json.WriteString("model", request.ModelName);
    }

    private void WriteChoice(Utf8JsonWriter json, CompletedChoice choice, int index)
    {
        var echoed = request.Echo ? PromptText(choice.Prompt) : "";
        json.WriteStartObject();
        json.WriteNumber("index", index);
        json.WriteString("text", request.PromptOnly ? echoed : echoed + choice.Text);
        json.WritePropertyName("logprobs");
        if (choice.Logprobs is { } logprobs)
        {
            WriteLogprobs(json, choice, logprobs);
        }
        else
        {
            json.WriteNullValue();
        }

        json.WriteString("finish_reason", Generation.Usage.Word(choice.Finish));
        ChatReplyWriter.WriteStopReason(json, choice.StopReason);
        ChatReplyWriter.WriteTokens(json, "token_ids", request.ReturnTokenIds ? choice.Tokens : null);
        json.WritePropertyName("prompt_logprobs");
        if (request.PromptLogprobs && choice.Prefill?.PromptLogprobs is { } promptLogprobs)
        {
            LogprobsWriter.WritePrompt(json, promptLogprobs, tokenizer);
        }
        else
        {
            json.WriteNullValue();
        }

        ChatReplyWriter.WriteTokens(json, "prompt_token_ids", request.ReturnTokenIds ? choice.Prompt.Tokens : null);
        json.WriteNull("routed_experts");
        json.WriteEndObject();
    }

    private void WriteLogprobs(Utf8JsonWriter json, CompletedChoice choice, IReadOnlyList<TokenLogprobs> logprobs)
    {
        if (!request.Echo || choice.Prefill?.PromptLogprobs is not { } ofPrompt)
        {
            LogprobsWriter.WriteCompletion(json, choice.Tokens, logprobs, tokenizer, 0);
            return;
        }

        var tokens = request.PromptOnly ? choice.Prompt.Tokens : [.. choice.Prompt.Tokens, .. choice.Tokens];
        IReadOnlyList<TokenLogprobs?> entries = request.PromptOnly ? ofPrompt : [.. ofPrompt, .. logprobs];
        LogprobsWriter.WriteCompletion(json, tokens, entries, tokenizer, 0);
    }

    private string PromptText(Prompt prompt) => string.Concat(prompt.Tokens.Select(token => LogprobsWriter.Text(token, tokenizer)));
}
