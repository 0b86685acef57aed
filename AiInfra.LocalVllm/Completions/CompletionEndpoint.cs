using System.Text.Json;
using AiInfra.LocalVllm.Engine;
using AiInfra.LocalVllm.Generation;
using AiInfra.LocalVllm.Http;
using AiInfra.LocalVllm.Serving;

namespace AiInfra.LocalVllm.Completions;

/// <summary><c>POST /v1/completions</c>.</summary>
internal sealed class CompletionEndpoint(
    CompletionRequestReader reader,
    TextGenerator generator,
    Admission admission,
    IInferenceEngine engine,
    ServeSettings settings,
    Fingerprint fingerprint,
    LoadHeader loadHeader,
    TimeProvider time)
{
    public void Map(RouteTable routes) => routes.Map("POST", "/v1/completions", HandleAsync);

    public async Task HandleAsync(HttpContext context)
    {
        using var body = await JsonBody.ReadAsync(context);
        await HandleAsync(context, body.RootElement);
    }

    /// <summary>Answers a body that another route may have read.</summary>
    public async Task HandleAsync(HttpContext context, JsonElement body)
    {
        var request = reader.Read(context, body);
        using var ticket = admission.Enter(request.Text);
        var frames = new CompletionFrames(request, engine.Tokenizer, fingerprint.Value, time.GetUtcNow().ToUnixTimeSeconds(), settings.PromptTokensDetails);
        if (request.Stream)
        {
            await StreamAsync(context, request, frames, ticket);
            return;
        }

        var choices = await generator.CompleteAsync(request.Text, context.RequestAborted);
        loadHeader.Write(context);
        await Replies.JsonAsync(context, 200, (frames, choices), static (state, json) => state.frames.Whole(json, state.choices));
    }

    private async Task StreamAsync(HttpContext context, CompletionRequest request, CompletionFrames frames, Admission.Ticket ticket)
    {
        var deltas = generator.StreamAsync(request.Text, context.RequestAborted);
        using var stream = await EventStream.StartAsync(context);
        var usage = new Usage(request.Text.PromptTokens, 0, 0, 0);
        var open = request.Text.Prompts.Count * request.Text.Choices;
        try
        {
            await foreach (var delta in stream.KeepAliveAsync(deltas, settings.SseKeepAliveSeconds))
            {
                ticket.Prefilled();
                usage = usage.With(delta);
                open -= delta.Finish is null ? 0 : 1;
                var last = open == 0 && !request.StreamOptions.IncludeUsage;
                await stream.SendAsync(null, (frames, delta, usage, last), static (state, json) => state.frames.Delta(json, state.delta, state.usage, state.last));
            }

            if (request.StreamOptions.IncludeUsage)
            {
                await stream.SendAsync(null, (frames, usage), static (state, json) => state.frames.Usage(json, state.usage));
            }
        }
        catch (EngineDeadException dead)
        {
            await stream.SendAsync(null, ApiError.Internal(dead.Message), static (error, json) => error.Write(json));
        }

        await stream.DoneAsync();
    }
}
