using System.Text.Json;
using AiInfra.LocalVllm.Generation;
using AiInfra.LocalVllm.Http;
using AiInfra.LocalVllm.Models;

namespace AiInfra.LocalVllm.Pooling;

/// <summary>Scores pairs of texts by the cosine of their vectors: <c>/score</c>, <c>/rerank</c> and their <c>/v1</c> and <c>/v2</c> twins.</summary>
internal sealed class ScoreEndpoints(PoolingInput input, PoolingRuns runs, ServedModels models, TimeProvider time)
{
    // Every shape of a score body begins with these; the error names them all.
    private static readonly string[] ScoreFields = ["queries", "documents", "items", "data_1", "data_2", "text_1", "text_2", "query"];

    public void Map(RouteTable routes)
    {
        routes.Map("POST", "/score", ScoreAsync);
        routes.Map("POST", "/v1/score", ScoreAsync);
        routes.Map("POST", "/rerank", RerankAsync);
        routes.Map("POST", "/v1/rerank", RerankAsync);
        routes.Map("POST", "/v2/rerank", RerankAsync);
    }

    private async Task ScoreAsync(HttpContext context)
    {
        using var document = await JsonBody.ReadAsync(context);
        var body = FieldReader.ForBody(document.RootElement);
        var left = body.Has("text_1") ? body.Texts("text_1") : body.Texts(body.Has("queries") ? "queries" : "data_1");
        var right = body.Has("text_2") ? body.Texts("text_2") : body.Texts(body.Has("documents") ? "documents" : "data_2");
        if (left.Count == 0 && right.Count == 0)
        {
            foreach (var name in ScoreFields)
            {
                body.Required(name);
            }
        }

        body.Issues.ThrowIfAny();
        input.Resolve(body.Text("model"));
        if (right.Count == 0 || left.Count == 0)
        {
            throw ApiError.BadRequest("At least one text_pair element must be given", null);
        }

        if (left.Count != 1 && left.Count != right.Count)
        {
            throw ApiError.BadRequest("Input lengths must be either 1:1, 1:N or N:N", null);
        }

        var pairs = right.Select((text, index) => (left.Count == 1 ? left[0] : left[index], text)).ToList();
        var (scores, tokens) = await ScoreAsync(pairs, context.RequestAborted);
        await Replies.JsonAsync(context, 200, json => WriteScores(json, ReplyIds.Create("score-", context, null), scores, tokens));
    }

    private async Task RerankAsync(HttpContext context)
    {
        using var document = await JsonBody.ReadAsync(context);
        var body = FieldReader.ForBody(document.RootElement);
        body.Required("query");
        body.Required("documents");
        var query = body.Text("query") ?? "";
        var documents = body.Texts("documents");
        var top = body.Integer("top_n") ?? 0;
        body.Issues.ThrowIfAny();
        input.Resolve(body.Text("model"));
        if (documents.Count == 0)
        {
            throw ApiError.BadRequest("At least one text_pair element must be given", null);
        }

        var (scores, tokens) = await ScoreAsync([.. documents.Select(text => (query, text))], context.RequestAborted);
        var ranked = scores.Select((score, index) => (score, index)).OrderByDescending(entry => entry.score).Take(top > 0 ? (int)top : documents.Count);
        await Replies.JsonAsync(context, 200, json => WriteRanking(json, ReplyIds.Create("score-", context, null), documents, [.. ranked], tokens));
    }

    private async Task<(List<double> Scores, int Tokens)> ScoreAsync(List<(string Left, string Right)> pairs, CancellationToken cancellationToken)
    {
        var inputs = pairs.Select(pair => ("", Tokens: input.Count(pair.Left) + input.Count(pair.Right))).ToList();
        await runs.RunAsync(inputs, cancellationToken);
        return (
            [.. pairs.Select(pair => SimulatedEmbeddings.Cosine(SimulatedEmbeddings.Embed(pair.Left, false), SimulatedEmbeddings.Embed(pair.Right, false)))],
            inputs.Sum(pair => pair.Tokens));
    }

    private void WriteScores(Utf8JsonWriter json, string id, List<double> scores, int tokens)
    {
        json.WriteStartObject();
        json.WriteString("id", id);
        json.WriteString("object", "list");
        json.WriteNumber("created", time.GetUtcNow().ToUnixTimeSeconds());
        json.WriteString("model", models.Primary);
        json.WriteStartArray("data");
        for (var i = 0; i < scores.Count; i++)
        {
            json.WriteStartObject();
            json.WriteNumber("index", i);
            json.WriteString("object", "score");
            json.WriteNumber("score", scores[i]);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        PoolingRuns.WriteUsage(json, tokens);
        json.WriteEndObject();
    }

    private void WriteRanking(Utf8JsonWriter json, string id, IReadOnlyList<string> documents, List<(double Score, int Index)> ranked, int tokens)
    {
        json.WriteStartObject();
        json.WriteString("id", id);
        json.WriteString("model", models.Primary);
        json.WriteStartObject("usage");
        json.WriteNumber("prompt_tokens", tokens);
        json.WriteNumber("total_tokens", tokens);
        json.WriteEndObject();
        json.WriteStartArray("results");
        foreach (var (score, index) in ranked)
        {
            json.WriteStartObject();
            json.WriteNumber("index", index);
            json.WriteStartObject("document");
            json.WriteString("text", documents[index]);
            json.WriteNull("multi_modal");
            json.WriteEndObject();
            json.WriteNumber("relevance_score", score);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }
}
