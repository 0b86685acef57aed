using System.Text;
using AiInfra.LocalVllm.Engine;
using AiInfra.LocalVllm.Generation;
using AiInfra.LocalVllm.Http;
using AiInfra.LocalVllm.Serving;
using AiInfra.LocalVllm.Trouble;

namespace AiInfra.LocalVllm.Responses;

/// <summary><c>/v1/responses</c>, with the store or (vLLM's default) without.</summary>
internal sealed partial class ResponseEndpoints(
    ResponseRequestReader reader,
    ResponseStore store,
    TextGenerator generator,
    Admission admission,
    ServeSettings settings,
    IHostApplicationLifetime lifetime,
    TimeProvider time,
    ILogger<ResponseEndpoints> logger)
{
    public void Map(RouteTable routes)
    {
        routes.Map("POST", "/v1/responses", CreateAsync);
        routes.Map("GET", "/v1/responses/{}", GetAsync);
        routes.Map("POST", "/v1/responses/{}/cancel", CancelAsync);
    }

    private async Task CreateAsync(HttpContext context)
    {
        using var document = await JsonBody.ReadAsync(context);
        var request = reader.Read(context, document.RootElement);
        var response = new StoredResponse(request, time.GetUtcNow().ToUnixTimeSeconds());
        if (request.Background)
        {
            response.Status = "queued";
            store.Add(response);
            _ = RunInBackgroundAsync(response);
            await ReplyAsync(context, response);
            return;
        }

        using var ticket = admission.Enter(request.Text);
        if (request.Stream)
        {
            await StreamAsync(context, response, ticket);
        }
        else
        {
            response.Complete((await generator.CompleteAsync(request.Text, context.RequestAborted))[0]);
            await ReplyAsync(context, response);
        }

        if (request.Store)
        {
            store.Add(response);
        }
    }

    private async Task RunInBackgroundAsync(StoredResponse response)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(response.Cancellation.Token, lifetime.ApplicationStopping);
        try
        {
            var choices = await generator.CompleteAsync(response.Request.Text, stop.Token);
            response.Complete(choices[0]);
        }
        catch (OperationCanceledException)
        {
            response.Status = "cancelled";
        }
        catch (EngineDeadException dead)
        {
            response.Status = "failed";
            BackgroundFailed(dead, response.Request.Text.Id);
        }
    }

    private async Task GetAsync(HttpContext context)
    {
        var id = (string)context.Items[nameof(RouteTable)]!;
        var response = store.Find(id) ?? throw ResponseStore.NotFound(id);
        if (context.Request.Query["stream"] == "true" && !response.Request.Background)
        {
            // Recorded: the stream of a response that was not streamed breaks off after its headers.
            using var stream = await EventStream.StartAsync(context);
            await TroubleGate.ResetAsync(context);
            return;
        }

        await ReplyAsync(context, response);
    }

    private async Task CancelAsync(HttpContext context)
    {
        var id = (string)context.Items[nameof(RouteTable)]!;
        var response = store.Find(id) ?? throw ResponseStore.NotFound(id);
        if (!response.Request.Background)
        {
            throw new ApiError(400, "invalid_request_error", "Cannot cancel a synchronous response.", "response_id");
        }

        if (response.Status is "queued" or "in_progress")
        {
            response.Status = "cancelled";
            await response.Cancellation.CancelAsync();
        }

        await ReplyAsync(context, response);
    }

    private static Task ReplyAsync(HttpContext context, StoredResponse response) => Replies.JsonAsync(context, 200, response, static (response, json) => ResponseWriter.Write(json, response));

    private async Task StreamAsync(HttpContext context, StoredResponse response, Admission.Ticket ticket)
    {
        var deltas = generator.StreamAsync(response.Request.Text, context.RequestAborted);
        using var stream = await EventStream.StartAsync(context);
        var events = new ResponseEvents(stream, response);
        var choice = new CompletedChoice(response.Request.Text.Prompts[0]);
        var text = new StringBuilder();
        await events.WholeAsync("response.created");
        await events.WholeAsync("response.in_progress");
        var begun = false;
        try
        {
            await foreach (var delta in stream.KeepAliveAsync(deltas, settings.SseKeepAliveSeconds))
            {
                ticket.Prefilled();
                choice.Add(delta);
                if (delta.Text.Length == 0)
                {
                    continue;
                }

                if (!begun)
                {
                    begun = true;
                    await events.BeginMessageAsync();
                }

                text.Append(delta.Text);
                await events.DeltaAsync(delta.Text);
            }
        }
        catch (EngineDeadException dead)
        {
            await stream.SendAsync(null, ApiError.Internal(dead.Message), static (error, json) => error.Write(json));
            return;
        }

        if (!begun)
        {
            await events.BeginMessageAsync();
        }

        await events.EndMessageAsync(text.ToString());
        response.Complete(choice);
        await events.WholeAsync("response.completed");
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The background response {Id} failed")]
    private partial void BackgroundFailed(Exception problem, string id);
}
