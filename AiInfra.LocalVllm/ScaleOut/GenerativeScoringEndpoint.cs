using AiInfra.LocalVllm.Engine;
using AiInfra.LocalVllm.Generation;
using AiInfra.LocalVllm.Http;
using AiInfra.LocalVllm.Models;
using AiInfra.LocalVllm.Pooling;

namespace AiInfra.LocalVllm.ScaleOut;

/// <summary><c>POST /generative_scoring</c>: how likely the next token after query and item is one of the labels. The scores here are made up.</summary>
internal sealed class GenerativeScoringEndpoint(IInferenceEngine engine, ServedModels models, TextGenerator generator, TimeProvider time)
{
    public void Map(RouteTable routes) => routes.Map("POST", "/generative_scoring", HandleAsync);

    private async Task HandleAsync(HttpContext context)
    {
        using var document = await JsonBody.ReadAsync(context);
        var body = FieldReader.ForBody(document.RootElement);
        body.Required("query");
        body.Required("items");
        body.Required("label_token_ids");
        var query = body.Text("query") ?? "";
        var items = body.Texts("items");
        body.Integers("label_token_ids");
        body.Issues.ThrowIfAny();
        var adapter = models.Resolve(body.Text("model"));
        if (items.Count == 0)
        {
            throw ApiError.BadRequest("At least one item must be given", null);
        }

        var request = new TextRequest
        {
            Id = ReplyIds.Create("generative-scoring-", context, null),
            Prompts = [.. items.Select(item => new Prompt(engine.Tokenizer.Encode(query + item), null))],
            Sampling = new SamplingParameters { MaxTokens = 1, Temperature = 0 },
            Adapter = adapter,
        };
        await generator.CompleteAsync(request, context.RequestAborted);
        await Replies.JsonAsync(context, 200, json =>
        {
            json.WriteStartObject();
            json.WriteString("id", request.Id);
            json.WriteString("object", "list");
            json.WriteNumber("created", time.GetUtcNow().ToUnixTimeSeconds());
            json.WriteString("model", models.NameFor(adapter));
            json.WriteStartArray("data");
            for (var i = 0; i < items.Count; i++)
            {
                json.WriteStartObject();
                json.WriteNumber("index", i);
                json.WriteString("object", "score");
                json.WriteNumber("score", SimulatedEmbeddings.Cosine(SimulatedEmbeddings.Embed(query, false), SimulatedEmbeddings.Embed(items[i], false)) / 2 + 0.5);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteStartObject("usage");
            json.WriteNumber("prompt_tokens", request.PromptTokens);
            json.WriteNumber("total_tokens", request.PromptTokens + items.Count);
            json.WriteNumber("completion_tokens", items.Count);
            json.WriteNull("prompt_tokens_details");
            json.WriteNull("completion_tokens_details");
            json.WriteEndObject();
            json.WriteEndObject();
        });
    }
}
