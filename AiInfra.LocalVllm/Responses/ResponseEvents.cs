using System.Text.Json;
using AiInfra.LocalVllm.Generation;

namespace AiInfra.LocalVllm.Responses;

/// <summary>The numbered events of one streamed response.</summary>
internal sealed class ResponseEvents(EventStream stream, StoredResponse response)
{
    private int _sequence;

    /// <summary>An event that carries the whole response as it stands.</summary>
    public ValueTask WholeAsync(string type) => SendAsync(type, json =>
    {
        json.WritePropertyName("response");
        ResponseWriter.Write(json, response);
    });

    public async ValueTask BeginMessageAsync()
    {
        await SendAsync("response.output_item.added", json =>
        {
            json.WritePropertyName("item");
            ResponseWriter.WriteMessage(json, response.MessageId, null, "in_progress");
            json.WriteNumber("output_index", 0);
        });
        await SendAsync("response.content_part.added", json =>
        {
            json.WriteNumber("content_index", 0);
            json.WriteString("item_id", response.MessageId);
            json.WriteNumber("output_index", 0);
            json.WritePropertyName("part");
            ResponseWriter.WritePart(json, "", done: false);
        });
    }

    public ValueTask DeltaAsync(string text) => SendAsync("response.output_text.delta", json =>
    {
        json.WriteNumber("content_index", 0);
        json.WriteString("delta", text);
        json.WriteString("item_id", response.MessageId);
        NoLogprobs(json);
        json.WriteNumber("output_index", 0);
    });

    public async ValueTask EndMessageAsync(string text)
    {
        await stream.SendAsync("response.output_text.done", (Events: this, text), static (state, json) =>
        {
            json.WriteStartObject();
            json.WriteNumber("content_index", 0);
            json.WriteString("item_id", state.Events.Id);
            NoLogprobs(json);
            json.WriteNumber("output_index", 0);
            json.WriteNumber("sequence_number", state.Events._sequence++);
            json.WriteString("text", state.text);
            json.WriteString("type", "response.output_text.done");
            json.WriteEndObject();
        });
        await SendAsync("response.content_part.done", json =>
        {
            json.WriteNumber("content_index", 0);
            json.WriteString("item_id", response.MessageId);
            json.WriteNumber("output_index", 0);
            json.WritePropertyName("part");
            ResponseWriter.WritePart(json, text, done: true);
        });
        await SendAsync("response.output_item.done", json =>
        {
            json.WritePropertyName("item");
            ResponseWriter.WriteMessage(json, response.MessageId, text, "completed");
            json.WriteNumber("output_index", 0);
        });
    }

    private string Id => response.MessageId;

    private static void NoLogprobs(Utf8JsonWriter json)
    {
        json.WriteStartArray("logprobs");
        json.WriteEndArray();
    }

    private ValueTask SendAsync(string type, Action<Utf8JsonWriter> write) => stream.SendAsync(type, (Events: this, type, write), static (state, json) =>
    {
        json.WriteStartObject();
        state.write(json);
        json.WriteNumber("sequence_number", state.Events._sequence++);
        json.WriteString("type", state.type);
        json.WriteEndObject();
    });
}
