using System.Text.Json;
using AiInfra.LocalVllm.Generation;
using AiInfra.LocalVllm.Http;

namespace AiInfra.LocalVllm.Chat;

/// <summary><c>POST /v1/chat/completions</c>.</summary>
internal sealed class ChatEndpoint(
    ChatRequestReader reader, TextGenerator generator, Admission admission, ChatReplyWriter replies, ChatStreamWriter streams, LoadHeader loadHeader)
{
    public void Map(RouteTable routes) => routes.Map("POST", "/v1/chat/completions", HandleAsync);

    public async Task HandleAsync(HttpContext context)
    {
        using var body = await JsonBody.ReadAsync(context);
        await AnswerAsync(context, reader.Read(context, body.RootElement));
    }

    /// <summary>Answers a body that another route has read.</summary>
    public Task HandleAsync(HttpContext context, JsonElement body) => AnswerAsync(context, reader.Read(context, body));

    private async Task AnswerAsync(HttpContext context, ChatRequest request)
    {
        using var ticket = admission.Enter(request.Text);
        if (request.Stream)
        {
            await streams.WriteAsync(context, request, ticket);
            return;
        }

        var choices = await generator.CompleteAsync(request.Text, context.RequestAborted);
        loadHeader.Write(context);
        await Replies.JsonAsync(context, 200, (Writer: replies, request, choices), static (state, json) => state.Writer.Write(json, state.request, state.choices));
    }
}
