using System.Text.Json;
using AiInfra.LocalVllm.Generation;
using AiInfra.LocalVllm.Tools;

namespace AiInfra.LocalVllm.Responses;

/// <summary>Writes the object <c>response</c> and its parts.</summary>
internal static class ResponseWriter
{
    public static void Write(Utf8JsonWriter json, StoredResponse response)
    {
        var request = response.Request;
        json.WriteStartObject();
        json.WriteString("id", request.Text.Id);
        json.WriteNumber("created_at", response.CreatedAt);
        WriteIncomplete(json, response);
        json.WriteString("instructions", request.Instructions);
        Raw(json, "metadata", request.Echo.Metadata);
        json.WriteString("model", request.ModelName);
        json.WriteString("object", "response");
        WriteOutput(json, response);
        json.WriteBoolean("parallel_tool_calls", true);
        Raw(json, "temperature", SamplingReader.Python(request.Text.Sampling.Temperature));
        Raw(json, "tool_choice", request.Echo.ToolChoice);
        Raw(json, "tools", request.Echo.Tools);
        Raw(json, "top_p", SamplingReader.Python(request.TopP));
        json.WriteBoolean("background", request.Background);
        json.WriteNumber("max_output_tokens", request.MaxOutputTokens);
        json.WriteNull("max_tool_calls");
        json.WriteString("previous_response_id", request.PreviousId);
        json.WriteNull("prompt");
        json.WriteNull("reasoning");
        json.WriteString("service_tier", "auto");
        json.WriteString("status", response.Status);
        Raw(json, "text", request.Echo.Text);
        json.WriteNull("top_logprobs");
        json.WriteString("truncation", "disabled");
        WriteUsage(json, response.Usage);
        json.WriteNull("user");
        Raw(json, "presence_penalty", SamplingReader.Python(request.Text.Sampling.PresencePenalty));
        Raw(json, "frequency_penalty", SamplingReader.Python(request.Text.Sampling.FrequencyPenalty));
        json.WriteNull("kv_transfer_params");
        json.WriteNull("ec_transfer_params");
        json.WriteNull("input_messages");
        json.WriteNull("output_messages");
        json.WriteEndObject();
    }

    /// <summary>A message item; without text it is one that begins.</summary>
    public static void WriteMessage(Utf8JsonWriter json, string id, string? text, string status)
    {
        json.WriteStartObject();
        json.WriteString("id", id);
        json.WriteStartArray("content");
        if (text is not null)
        {
            WritePart(json, text, done: true);
        }

        json.WriteEndArray();
        json.WriteString("role", "assistant");
        json.WriteString("status", status);
        json.WriteString("type", "message");
        json.WriteNull("phase");
        json.WriteEndObject();
    }

    public static void WritePart(Utf8JsonWriter json, string text, bool done)
    {
        json.WriteStartObject();
        json.WriteStartArray("annotations");
        json.WriteEndArray();
        json.WriteString("text", text);
        json.WriteString("type", "output_text");
        if (done)
        {
            json.WriteNull("logprobs");
        }
        else
        {
            json.WriteStartArray("logprobs");
            json.WriteEndArray();
        }

        json.WriteEndObject();
    }

    public static void WriteCall(Utf8JsonWriter json, ToolCall call)
    {
        json.WriteStartObject();
        json.WriteString("arguments", call.Arguments);
        json.WriteString("call_id", call.Id);
        json.WriteString("name", call.Name);
        json.WriteString("type", "function_call");
        json.WriteString("id", $"fc_{ReplyIds.Random()}");
        json.WriteString("status", "completed");
        json.WriteEndObject();
    }

    private static void WriteIncomplete(Utf8JsonWriter json, StoredResponse response)
    {
        if (response.Status != "incomplete")
        {
            json.WriteNull("incomplete_details");
            return;
        }

        json.WriteStartObject("incomplete_details");
        json.WriteString("reason", "max_output_tokens");
        json.WriteEndObject();
    }

    private static void WriteOutput(Utf8JsonWriter json, StoredResponse response)
    {
        json.WriteStartArray("output");
        if (response.Usage is not null)
        {
            if (response.Calls.Count == 0 || response.Text.Length > 0)
            {
                WriteMessage(json, response.MessageId, response.Text, "completed");
            }

            foreach (var call in response.Calls)
            {
                WriteCall(json, call);
            }
        }

        json.WriteEndArray();
    }

    private static void WriteUsage(Utf8JsonWriter json, Usage? usage)
    {
        if (usage is not { } counts)
        {
            json.WriteNull("usage");
            return;
        }

        json.WriteStartObject("usage");
        json.WriteNumber("input_tokens", counts.Prompt);
        json.WriteStartObject("input_tokens_details");
        json.WriteNumber("cached_tokens", counts.Cached);
        json.WriteNumber("cache_write_tokens", 0);
        Empty(json, "input_tokens_per_turn");
        Empty(json, "cached_tokens_per_turn");
        json.WriteEndObject();
        json.WriteNumber("output_tokens", counts.Completion);
        json.WriteStartObject("output_tokens_details");
        json.WriteNumber("reasoning_tokens", 0);
        json.WriteNumber("tool_output_tokens", 0);
        Empty(json, "output_tokens_per_turn");
        Empty(json, "tool_output_tokens_per_turn");
        json.WriteEndObject();
        json.WriteNumber("total_tokens", counts.Prompt + counts.Completion);
        json.WriteEndObject();
    }

    private static void Empty(Utf8JsonWriter json, string name)
    {
        json.WriteStartArray(name);
        json.WriteEndArray();
    }

    private static void Raw(Utf8JsonWriter json, string name, string text)
    {
        json.WritePropertyName(name);
        json.WriteRawValue(text, skipInputValidation: true);
    }
}
