using System.Text.Json;
using AiInfra.LocalVllm.Engine;
using AiInfra.LocalVllm.Generation;
using AiInfra.LocalVllm.Tools;

namespace AiInfra.LocalVllm.Messages;

/// <summary>The events of one streamed message: text and tool calls are blocks that begin, grow and stop.</summary>
internal sealed class MessageEvents(EventStream stream, MessageRequest request, bool details)
{
    private readonly HermesStream? _parser = request.ToolChoice.Parse ? new HermesStream() : null;
    private bool _started;
    private int _block = -1;
    private bool _textOpen;
    private bool _blockOpen;

    public async Task AddAsync(ChoiceDelta delta, Usage usage)
    {
        if (!_started)
        {
            _started = true;
            await StartAsync(usage.Prompt);
        }

        var pieces = _parser?.Add(delta.Text, delta.Finish is not null) ?? [new ToolDelta(delta.Text, 0, null, null)];
        foreach (var piece in pieces)
        {
            await PieceAsync(piece);
        }

        if (delta.Finish is { } finish)
        {
            if (_block < 0)
            {
                await OpenTextAsync();
            }

            await CloseAsync();
            await EndAsync(StopReason(finish, delta.StopReason, _parser is { AnyComplete: true }), delta.StopReason?.Text, usage);
        }
    }

    /// <summary>Anthropic's words for why an answer ended.</summary>
    public static string? StopReason(FinishReason finish, StopCause? cause, bool called) => (finish, called) switch
    {
        (_, true) => "tool_use",
        (FinishReason.Stop, _) => cause?.Text is null ? "end_turn" : "stop_sequence",
        (FinishReason.Length, _) => "max_tokens",
        _ => null,
    };

    /// <summary><c>input_tokens</c> leaves out what was cached or newly left in the cache; the cache fields need the flag.</summary>
    public static void WriteUsage(Utf8JsonWriter json, Usage usage, bool details)
    {
        json.WriteStartObject("usage");
        json.WriteNumber("input_tokens", details ? usage.Prompt - usage.Cached - usage.CreatedCache : usage.Prompt);
        json.WriteNumber("output_tokens", usage.Completion);
        if (details)
        {
            json.WriteNumber("cache_creation_input_tokens", usage.CreatedCache);
            json.WriteNumber("cache_read_input_tokens", usage.Cached);
        }

        json.WriteEndObject();
    }

    private async Task PieceAsync(ToolDelta piece)
    {
        if (piece.Content is { } text)
        {
            if (text.Length > 0)
            {
                await OpenTextAsync();
                await DeltaAsync("text_delta", "text", text);
            }
        }
        else if (piece.Name is { } name)
        {
            await CloseAsync();
            _block++;
            _blockOpen = true;
            await SendAsync("content_block_start", json =>
            {
                json.WriteStartObject("content_block");
                json.WriteString("type", "tool_use");
                json.WriteString("id", ToolCall.NewId());
                json.WriteString("name", name);
                json.WriteStartObject("input");
                json.WriteEndObject();
                json.WriteEndObject();
                json.WriteNumber("index", _block);
            });
        }
        else if (piece.Arguments is { } arguments)
        {
            await DeltaAsync("input_json_delta", "partial_json", arguments);
        }
    }

    private ValueTask StartAsync(int promptTokens) => SendAsync("message_start", json =>
    {
        json.WriteStartObject("message");
        json.WriteString("id", request.Text.Id);
        json.WriteString("type", "message");
        json.WriteString("role", "assistant");
        json.WriteStartArray("content");
        json.WriteEndArray();
        json.WriteString("model", request.ModelName);
        json.WriteNull("stop_reason");
        json.WriteNull("stop_sequence");
        json.WriteStartObject("usage");
        json.WriteNumber("input_tokens", promptTokens);
        json.WriteNumber("output_tokens", 0);
        json.WriteEndObject();
        json.WriteEndObject();
    });

    private async ValueTask OpenTextAsync()
    {
        if (_textOpen)
        {
            return;
        }

        await CloseAsync();
        _block++;
        _textOpen = _blockOpen = true;
        await SendAsync("content_block_start", json =>
        {
            json.WriteStartObject("content_block");
            json.WriteString("type", "text");
            json.WriteString("text", "");
            json.WriteEndObject();
            json.WriteNumber("index", _block);
        });
    }

    private async ValueTask CloseAsync()
    {
        if (_blockOpen)
        {
            _blockOpen = _textOpen = false;
            await SendAsync("content_block_stop", json => json.WriteNumber("index", _block));
        }
    }

    private ValueTask DeltaAsync(string type, string field, string text) => SendAsync("content_block_delta", json =>
    {
        json.WriteStartObject("delta");
        json.WriteString("type", type);
        json.WriteString(field, text);
        json.WriteEndObject();
        json.WriteNumber("index", _block);
    });

    private async ValueTask EndAsync(string? reason, string? stop, Usage usage)
    {
        await SendAsync("message_delta", json =>
        {
            json.WriteStartObject("delta");
            json.WriteString("stop_reason", reason);
            json.WriteString("stop_sequence", stop);
            json.WriteEndObject();
            WriteUsage(json, usage, details);
        });
        await SendAsync("message_stop", _ => { });
    }

    private ValueTask SendAsync(string type, Action<Utf8JsonWriter> write) => stream.SendAsync(type, (type, write), static (state, json) =>
    {
        json.WriteStartObject();
        json.WriteString("type", state.type);
        state.write(json);
        json.WriteEndObject();
    });
}
