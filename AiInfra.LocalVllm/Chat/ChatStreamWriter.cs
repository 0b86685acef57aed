using AiInfra.LocalVllm.Engine;
using AiInfra.LocalVllm.Generation;
using AiInfra.LocalVllm.Http;
using AiInfra.LocalVllm.Metrics;
using AiInfra.LocalVllm.Serving;
using AiInfra.LocalVllm.Tools;

namespace AiInfra.LocalVllm.Chat;

/// <summary>
/// Streams <c>chat.completion.chunk</c> frames: a role frame per choice with the first token, a frame per delta with text, a last one with the
/// finish reason, usage where asked for, <c>[DONE]</c>. An engine that dies gives an error frame and then <c>[DONE]</c> all the same.
/// </summary>
internal sealed class ChatStreamWriter(
    TextGenerator generator, IInferenceEngine engine, ServeSettings settings, ToolCallMetrics toolMetrics, Fingerprint fingerprint, TimeProvider time)
{
    public async Task WriteAsync(HttpContext context, ChatRequest request, Admission.Ticket ticket)
    {
        var deltas = generator.StreamAsync(request.Text, context.RequestAborted);
        using var stream = await EventStream.StartAsync(context);
        var frames = new ChatFrames(request, engine.Tokenizer, fingerprint.Value, time.GetUtcNow().ToUnixTimeSeconds(), settings.PromptTokensDetails);
        try
        {
            await WriteFramesAsync(stream, request, frames, deltas, ticket);
        }
        catch (EngineDeadException dead)
        {
            await stream.SendAsync(null, ApiError.Internal(dead.Message), static (error, json) => error.Write(json));
        }

        await stream.DoneAsync();
    }

    private async Task WriteFramesAsync(
        EventStream stream, ChatRequest request, ChatFrames frames, IAsyncEnumerable<ChoiceDelta> deltas, Admission.Ticket ticket)
    {
        var usage = new Usage(request.Text.PromptTokens, 0, 0, 0);
        var parsers = request.ToolChoice.Parse ? Enumerable.Range(0, request.Text.Choices).Select(_ => new HermesStream()).ToArray() : null;
        var open = request.Text.Choices;
        var begun = false;
        await foreach (var delta in stream.KeepAliveAsync(deltas, settings.SseKeepAliveSeconds))
        {
            if (!begun)
            {
                begun = true;
                ticket.Prefilled();
                for (var choice = 0; choice < request.Text.Choices; choice++)
                {
                    await stream.SendAsync(null, (frames, choice, usage), static (state, json) => state.frames.Role(json, state.choice, state.usage));
                }
            }

            usage = usage.With(delta);
            open -= delta.Finish is null ? 0 : 1;
            var last = open == 0 && !request.StreamOptions.IncludeUsage;
            if (parsers is not null)
            {
                await WriteToolFramesAsync(stream, frames, delta, parsers[delta.Choice], usage, last);
            }
            else if (delta.Finish is not null || delta.Text.Length > 0 || request.ReturnTokenIds)
            {
                await stream.SendAsync(null, (frames, delta, usage, last), static (state, json) => state.frames.Text(json, state.delta, state.usage, state.last));
            }
        }

        if (request.StreamOptions.IncludeUsage)
        {
            await stream.SendAsync(null, (frames, usage), static (state, json) => state.frames.Usage(json, state.usage));
        }
    }

    private async Task WriteToolFramesAsync(EventStream stream, ChatFrames frames, ChoiceDelta delta, HermesStream parser, Usage usage, bool last)
    {
        var pieces = parser.Add(delta.Text, delta.Finish is not null);
        toolMetrics.Record(streaming: true, pieces.Any(piece => piece.Content is null), "chat_completions");
        if (parser.Calls == 0 && delta.Finish is not null)
        {
            var text = string.Concat(pieces.Select(piece => piece.Content));
            await stream.SendAsync(null, (frames, delta: delta with { Text = text }, usage, last), static (state, json) => state.frames.Text(json, state.delta, state.usage, state.last));
            return;
        }

        foreach (var piece in pieces)
        {
            await stream.SendAsync(null, (frames, delta, piece, usage), static (state, json) => state.frames.Tool(json, state.delta, state.piece, state.usage));
        }

        if (delta.Finish is not null)
        {
            await stream.SendAsync(
                null,
                (frames, delta, parser.AnyComplete, usage, last),
                static (state, json) => state.frames.End(json, state.delta, state.AnyComplete, state.usage, state.last));
        }
    }
}
