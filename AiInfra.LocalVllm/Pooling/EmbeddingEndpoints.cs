using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using AiInfra.LocalVllm.Generation;
using AiInfra.LocalVllm.Http;
using AiInfra.LocalVllm.Models;

namespace AiInfra.LocalVllm.Pooling;

/// <summary><c>/v1/embeddings</c>, <c>/pooling</c> and <c>/v2/embed</c> of a server with <c>--runner pooling</c>.</summary>
internal sealed class EmbeddingEndpoints(PoolingInput input, PoolingRuns runs, ServedModels models, TimeProvider time)
{
    private static readonly string[] Formats = ["float", "base64", "bytes", "bytes_only"];

    public void Map(RouteTable routes)
    {
        routes.Map("POST", "/v1/embeddings", EmbedAsync);
        routes.Map("POST", "/pooling", PoolAsync);
        routes.Map("POST", "/v2/embed", CohereAsync);
    }

    public async Task EmbedAsync(HttpContext context)
    {
        using var document = await JsonBody.ReadAsync(context);
        await EmbedAsync(context, document.RootElement);
    }

    /// <summary>Answers a body that another route may have read.</summary>
    public async Task EmbedAsync(HttpContext context, JsonElement root)
    {
        var body = FieldReader.ForBody(root);
        var format = Format(body);
        var normalize = body.Flag("normalize", true) && body.Flag("use_activation", true);
        var dimensions = body.Integer("dimensions");
        var inputs = input.Read(body, "messages");
        if (dimensions is not null)
        {
            throw ApiError.BadRequest(
                $"Model '{models.Primary}' does not support Matryoshka embeddings; dimensions must be unset (received dimensions={dimensions}).", null);
        }

        await runs.RunAsync(inputs, context.RequestAborted);
        var vectors = inputs.Select(text => SimulatedEmbeddings.Embed(text.Text, normalize)).ToList();
        var id = ReplyIds.Create("embd-", context, null);
        var tokens = inputs.Sum(text => text.Tokens);
        if (format is "bytes" or "bytes_only")
        {
            await WriteBytesAsync(context, id, vectors, tokens, format == "bytes");
            return;
        }

        await Replies.JsonAsync(context, 200, json => Write(json, id, "embedding", "embedding", vectors, format == "base64", tokens));
    }

    private async Task PoolAsync(HttpContext context)
    {
        using var document = await JsonBody.ReadAsync(context);
        var body = FieldReader.ForBody(document.RootElement);
        var format = Format(body);
        var inputs = input.Read(body, "messages", "data");
        await runs.RunAsync(inputs, context.RequestAborted);
        var vectors = inputs.Select(text => SimulatedEmbeddings.Embed(text.Text, normalize: true)).ToList();
        await Replies.JsonAsync(context, 200, json =>
            Write(json, ReplyIds.Create("pooling-", context, null), "pooling", "data", vectors, format == "base64", inputs.Sum(text => text.Tokens)));
    }

    private static async Task CohereAsync(HttpContext context)
    {
        using var document = await JsonBody.ReadAsync(context);
        var body = FieldReader.ForBody(document.RootElement);
        if (!body.Has("texts") && !body.Has("images") && !body.Has("inputs"))
        {
            body.Issues.Add("value_error", "body", "Value error, Exactly one of texts, images, or inputs must be provided", ValidationIssues.Describe(document.RootElement));
            body.Issues.ThrowIfAny();
        }

        throw ApiError.BadRequest($"Unsupported input_type '{body.Text("input_type")}'. This model does not define any input_type task instructions.", null);
    }

    private static string Format(FieldReader body)
    {
        var format = body.Text("encoding_format") ?? "float";
        if (!Formats.Contains(format))
        {
            const string expected = "'float', 'base64', 'bytes' or 'bytes_only'";
            body.Issues.Add("literal_error", "body.encoding_format", $"Input should be {expected}", format, $"{{'expected': \"{expected}\"}}");
            body.Issues.ThrowIfAny();
        }

        return format;
    }

    private void Write(Utf8JsonWriter json, string id, string kind, string field, List<float[]> vectors, bool base64, int tokens)
    {
        json.WriteStartObject();
        json.WriteString("id", id);
        json.WriteString("object", "list");
        json.WriteNumber("created", time.GetUtcNow().ToUnixTimeSeconds());
        json.WriteString("model", models.Primary);
        json.WriteStartArray("data");
        for (var i = 0; i < vectors.Count; i++)
        {
            json.WriteStartObject();
            json.WriteNumber("index", i);
            json.WriteString("object", kind);
            if (base64)
            {
                json.WriteBase64String(field, MemoryMarshal.AsBytes(vectors[i].AsSpan()));
            }
            else
            {
                json.WriteStartArray(field);
                foreach (var value in vectors[i])
                {
                    json.WriteNumberValue(value);
                }

                json.WriteEndArray();
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
        PoolingRuns.WriteUsage(json, tokens);
        json.WriteEndObject();
    }

    private async Task WriteBytesAsync(HttpContext context, string id, List<float[]> vectors, int tokens, bool withMetadata)
    {
        var created = time.GetUtcNow().ToUnixTimeSeconds();
        if (withMetadata)
        {
            const int size = SimulatedEmbeddings.Dimension * sizeof(float);
            var data = new StringBuilder();
            for (var i = 0; i < vectors.Count; i++)
            {
                data.Append(i == 0 ? "" : ", ").Append(
                    $"{{\"index\": {i}, \"embed_dtype\": \"float32\", \"endianness\": \"native\", \"start\": {i * size}, \"end\": {(i + 1) * size}, \"shape\": [{SimulatedEmbeddings.Dimension}]}}");
            }

            context.Response.Headers["metadata"] =
                $"{{\"id\": \"{id}\", \"created\": {created}, \"model\": \"{models.Primary}\", \"data\": [{data}], \"usage\": {{\"prompt_tokens\": {tokens}, \"total_tokens\": {tokens}}}}}";
        }

        context.Response.ContentType = "application/octet-stream";
        foreach (var vector in vectors)
        {
            await context.Response.Body.WriteAsync(MemoryMarshal.AsBytes(vector.AsSpan()).ToArray(), context.RequestAborted);
        }
    }
}
