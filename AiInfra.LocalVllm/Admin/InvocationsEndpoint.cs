using AiInfra.LocalVllm.Chat;
using AiInfra.LocalVllm.Completions;
using AiInfra.LocalVllm.Http;
using AiInfra.LocalVllm.Pooling;
using AiInfra.LocalVllm.Serving;

namespace AiInfra.LocalVllm.Admin;

/// <summary><c>POST /invocations</c>: any chat, completion or embedding, and never a key asked.</summary>
internal sealed class InvocationsEndpoint(ChatEndpoint chat, CompletionEndpoint completions, EmbeddingEndpoints embeddings, ServeSettings settings)
{
    public void Map(RouteTable routes) => routes.Map("POST", "/invocations", HandleAsync);

    private async Task HandleAsync(HttpContext context)
    {
        using var document = await JsonBody.ReadAsync(context);
        var body = FieldReader.ForBody(document.RootElement);
        if (settings.Runner == "pooling")
        {
            if (!body.Has("input"))
            {
                throw ApiError.BadRequest("Cannot find suitable handler for request. Expected one of: ['EmbeddingRequest', 'ScoreRequest', 'RerankRequest', 'PoolingRequest']", null);
            }

            await embeddings.EmbedAsync(context, document.RootElement);
        }
        else if (body.Has("messages"))
        {
            await chat.HandleAsync(context, document.RootElement);
        }
        else
        {
            await completions.HandleAsync(context, document.RootElement);
        }
    }
}
