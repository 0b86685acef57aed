using System.Text.Json;
using System.Text.Json.Nodes;
using AiInfra.LocalVllm.Generation;
using AiInfra.LocalVllm.Http;

namespace AiInfra.LocalVllm.Chat;

/// <summary><c>POST /v1/chat/completions/batch</c>: several conversations in one call, one choice each.</summary>
internal sealed class ChatBatchEndpoint(ChatRequestReader reader, TextGenerator generator, ChatReplyWriter replies)
{
    public void Map(RouteTable routes) => routes.Map("POST", "/v1/chat/completions/batch", HandleAsync);

    private async Task HandleAsync(HttpContext context)
    {
        using var document = await JsonBody.ReadAsync(context);
        var body = FieldReader.ForBody(document.RootElement);
        var conversations = body.Required("messages");
        body.Issues.ThrowIfAny();
        if (conversations is not { ValueKind: JsonValueKind.Array } list || list.EnumerateArray().Any(item => item.ValueKind != JsonValueKind.Array))
        {
            body.Issues.Add("list_type", "body.messages.0", "Input should be a valid list", ValidationIssues.Describe(conversations!.Value));
            body.Issues.ThrowIfAny();
            return;
        }

        var requests = list.EnumerateArray().Select(messages => reader.Read(context, WithMessages(document.RootElement, messages))).ToList();
        if (requests.Count == 0)
        {
            throw ApiError.BadRequest("Cannot apply chat template to an empty conversation. Provide at least one message.", null);
        }

        var whole = requests[0] with { Text = requests[0].Text with { Prompts = [.. requests.SelectMany(request => request.Text.Prompts)] } };
        var choices = await generator.CompleteAsync(whole.Text, context.RequestAborted);
        await Replies.JsonAsync(context, 200, (Writer: replies, whole, choices), static (state, json) => state.Writer.Write(json, state.whole, state.choices, details: false));
    }

    private static JsonElement WithMessages(JsonElement body, JsonElement messages)
    {
        var single = JsonNode.Parse(body.GetRawText())!.AsObject();
        single["messages"] = JsonNode.Parse(messages.GetRawText());
        return JsonSerializer.SerializeToElement(single);
    }
}
