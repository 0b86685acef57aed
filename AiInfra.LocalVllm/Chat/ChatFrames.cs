using System.Text.Json;
using AiInfra.LocalVllm.Engine;
using AiInfra.LocalVllm.Generation;
using AiInfra.LocalVllm.Tools;

namespace AiInfra.LocalVllm.Chat;

/// <summary>Writes the JSON of one stream's frames.</summary>
internal sealed class ChatFrames(ChatRequest request, ITextTokenizer tokenizer, string fingerprint, long created, bool details)
{
    /// <summary>The first frame of a choice.</summary>
    public void Role(Utf8JsonWriter json, int choice, Usage usage)
    {
        Begin(json);
        json.WriteStartArray("choices");
        json.WriteStartObject();
        json.WriteNumber("index", choice);
        json.WriteStartObject("delta");
        json.WriteString("role", "assistant");
        json.WriteString("content", "");
        json.WriteEndObject();
        json.WriteNull("logprobs");
        json.WriteNull("finish_reason");
        json.WriteEndObject();
        json.WriteEndArray();
        Running(json, usage);
        ChatReplyWriter.WriteTokens(json, "prompt_token_ids", request.ReturnTokenIds ? request.Text.Prompts[0].Tokens : null);
        json.WriteNull("prompt_text");
        json.WriteEndObject();
    }

    /// <summary>Text, and the end of a choice with the last of it.</summary>
    public void Text(Utf8JsonWriter json, ChoiceDelta delta, Usage usage, bool last)
    {
        BeginChoice(json, delta);
        if (delta.Text.Length > 0 || delta.Finish is null)
        {
            json.WriteString("content", delta.Text);
        }

        EndChoice(json, delta, delta.Finish is { } finish ? Generation.Usage.Word(finish) : null, usage, last);
    }

    /// <summary>A piece of a tool call, or content beside calls.</summary>
    public void Tool(Utf8JsonWriter json, ChoiceDelta delta, ToolDelta piece, Usage usage)
    {
        BeginChoice(json, delta);
        json.WriteString("content", piece.Content);
        if (piece.Content is null)
        {
            json.WriteStartArray("tool_calls");
            json.WriteStartObject();
            if (piece.Name is not null)
            {
                json.WriteString("id", ToolCall.NewId());
                json.WriteString("type", "function");
            }

            json.WriteNumber("index", piece.Index);
            json.WriteStartObject("function");
            json.WriteString(piece.Name is null ? "arguments" : "name", piece.Name ?? piece.Arguments);
            json.WriteEndObject();
            json.WriteEndObject();
            json.WriteEndArray();
        }

        EndChoice(json, delta, null, usage, last: false);
    }

    /// <summary>The end of a choice with tool calls.</summary>
    public void End(Utf8JsonWriter json, ChoiceDelta delta, bool called, Usage usage, bool last)
    {
        BeginChoice(json, delta);
        EndChoice(json, delta, called ? "tool_calls" : Generation.Usage.Word(delta.Finish ?? FinishReason.Error), usage, last);
    }

    /// <summary>The frame after all choices, with the usage of the whole.</summary>
    public void Usage(Utf8JsonWriter json, Usage usage)
    {
        Begin(json);
        json.WriteStartArray("choices");
        json.WriteEndArray();
        usage.WriteFinal(json, details, chat: true);
        json.WriteString("system_fingerprint", fingerprint);
        json.WriteEndObject();
    }

    private void Begin(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("id", request.Text.Id);
        json.WriteString("object", "chat.completion.chunk");
        json.WriteNumber("created", created);
        json.WriteString("model", request.ModelName);
    }

    private void BeginChoice(Utf8JsonWriter json, ChoiceDelta delta)
    {
        Begin(json);
        json.WriteStartArray("choices");
        json.WriteStartObject();
        json.WriteNumber("index", delta.Choice);
        json.WriteStartObject("delta");
    }

    private void EndChoice(Utf8JsonWriter json, ChoiceDelta delta, string? finish, Usage usage, bool last)
    {
        json.WriteEndObject();
        json.WritePropertyName("logprobs");
        if (delta.Logprobs is { } logprobs)
        {
            LogprobsWriter.WriteChat(json, logprobs, tokenizer);
        }
        else
        {
            json.WriteNullValue();
        }

        json.WriteString("finish_reason", finish);
        if (finish is not null)
        {
            ChatReplyWriter.WriteStopReason(json, delta.StopReason);
        }

        ChatReplyWriter.WriteTokens(json, "token_ids", request.ReturnTokenIds ? delta.Tokens : null);
        json.WriteEndObject();
        json.WriteEndArray();
        Running(json, usage);
        if (last)
        {
            json.WriteString("system_fingerprint", fingerprint);
        }

        json.WriteEndObject();
    }

    private void Running(Utf8JsonWriter json, Usage usage)
    {
        if (request.StreamOptions.Continuous)
        {
            usage.WriteRunning(json, chat: true);
        }
    }
}
