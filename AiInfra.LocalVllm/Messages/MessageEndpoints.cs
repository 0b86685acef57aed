using System.Text.Json;
using AiInfra.LocalVllm.Engine;
using AiInfra.LocalVllm.Generation;
using AiInfra.LocalVllm.Http;
using AiInfra.LocalVllm.Serving;
using AiInfra.LocalVllm.Tools;

namespace AiInfra.LocalVllm.Messages;

/// <summary>Anthropic's <c>/v1/messages</c> and <c>/v1/messages/count_tokens</c>. Errors have Anthropic's shape, but those found while the body is read have OpenAI's.</summary>
internal sealed class MessageEndpoints(MessageRequestReader reader, TextGenerator generator, Admission admission, ServeSettings settings)
{
    public void Map(RouteTable routes)
    {
        routes.Map("POST", "/v1/messages", context => AnswerAsync(context, CreateAsync));
        routes.Map("POST", "/v1/messages/count_tokens", context => AnswerAsync(context, CountAsync));
    }

    private static async Task AnswerAsync(HttpContext context, Func<HttpContext, JsonElement, Task> answer)
    {
        using var document = await JsonBody.ReadAsync(context);
        try
        {
            await answer(context, document.RootElement);
        }
        catch (ApiError error) when (!error.FromBody && !context.Response.HasStarted)
        {
            await Replies.JsonAsync(context, error.Status, error, static (error, json) => error.WriteAnthropic(json));
        }
        catch (EngineDeadException dead) when (!context.Response.HasStarted)
        {
            await Replies.JsonAsync(context, 500, ApiError.Internal(dead.Message), static (error, json) => error.WriteAnthropic(json));
        }
    }

    private Task CountAsync(HttpContext context, JsonElement body)
    {
        var tokens = reader.Count(body);
        return Replies.JsonAsync(context, 200, tokens, static (tokens, json) =>
        {
            json.WriteStartObject();
            json.WriteNumber("input_tokens", tokens);
            json.WriteStartObject("context_management");
            json.WriteNumber("original_input_tokens", tokens);
            json.WriteEndObject();
            json.WriteEndObject();
        });
    }

    private async Task CreateAsync(HttpContext context, JsonElement body)
    {
        var request = reader.Read(context, body);
        using var ticket = admission.Enter(request.Text);
        if (request.Stream)
        {
            await StreamAsync(context, request, ticket);
            return;
        }

        var choices = await generator.CompleteAsync(request.Text, context.RequestAborted);
        await Replies.JsonAsync(context, 200, json => WriteMessage(json, request, choices[0]));
    }

    private void WriteMessage(Utf8JsonWriter json, MessageRequest request, CompletedChoice choice)
    {
        var (content, calls) = request.ToolChoice.Parse ? HermesParser.Parse(choice.Text) : (choice.Text, []);
        json.WriteStartObject();
        json.WriteString("id", request.Text.Id);
        json.WriteString("type", "message");
        json.WriteString("role", "assistant");
        json.WriteStartArray("content");
        if (content is not null)
        {
            json.WriteStartObject();
            json.WriteString("type", "text");
            json.WriteString("text", content);
            json.WriteEndObject();
        }

        foreach (var call in calls)
        {
            json.WriteStartObject();
            json.WriteString("type", "tool_use");
            json.WriteString("id", call.Id);
            json.WriteString("name", call.Name);
            json.WritePropertyName("input");
            json.WriteRawValue(call.Arguments);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteString("model", request.ModelName);
        json.WriteString("stop_reason", MessageEvents.StopReason(choice.Finish, choice.StopReason, calls.Count > 0));
        if (choice.StopReason?.Text is { } stop)
        {
            json.WriteString("stop_sequence", stop);
        }

        MessageEvents.WriteUsage(json, Usage.Of(request.Text, [choice]), settings.PromptTokensDetails);
        json.WriteEndObject();
    }

    private async Task StreamAsync(HttpContext context, MessageRequest request, Admission.Ticket ticket)
    {
        var deltas = generator.StreamAsync(request.Text, context.RequestAborted);
        using var stream = await EventStream.StartAsync(context);
        var events = new MessageEvents(stream, request, settings.PromptTokensDetails);
        var usage = new Usage(request.Text.PromptTokens, 0, 0, 0);
        try
        {
            await foreach (var delta in stream.KeepAliveAsync(deltas, settings.SseKeepAliveSeconds))
            {
                ticket.Prefilled();
                usage = usage.With(delta);
                await events.AddAsync(delta, usage);
            }
        }
        catch (EngineDeadException dead)
        {
            await stream.SendAsync("error", ApiError.Internal(dead.Message), static (error, json) => error.WriteAnthropic(json));
        }
    }
}
