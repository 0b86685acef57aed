using System.Text.Json;
using AiInfra.LocalVllm.Engine;
using AiInfra.LocalVllm.Generation;
using AiInfra.LocalVllm.Http;
using AiInfra.LocalVllm.Models;

namespace AiInfra.LocalVllm.Pooling;

/// <summary>Reads the inputs of embeddings and pooling: a text, token ids, or a list of either.</summary>
internal sealed class PoolingInput(IInferenceEngine engine, ServedModels models)
{
    // The special tokens that an encoder puts around a text.
    private const int Frame = 2;

    /// <param name="body">The request.</param>
    /// <param name="alternatives">Fields that could stand for <c>input</c>, as the error lists them.</param>
    /// <returns>The texts and how many tokens each has.</returns>
    public IReadOnlyList<(string Text, int Tokens)> Read(FieldReader body, params ReadOnlySpan<string> alternatives)
    {
        var model = body.Text("model");
        var truncate = body.Integer("truncate_prompt_tokens");
        if (body.Value("messages") is not null)
        {
            throw ApiError.BadRequest(
                "As of transformers v4.44, default chat template is no longer allowed, so you must provide a chat template if the tokenizer does not define one.", null);
        }

        if (body.Value("input") is not { } input)
        {
            body.Required("input");
            foreach (var name in alternatives)
            {
                body.Required(name);
            }

            body.Issues.ThrowIfAny();
            return [];
        }

        body.Issues.ThrowIfAny();
        Resolve(model);
        var texts = Texts(input);
        return texts.Count > 0
            ? [.. texts.Select(text => (text.Text, Check(text.Tokens, truncate)))]
            : throw ApiError.BadRequest("You must pass at least one prompt", null);
    }

    /// <exception cref="ApiError">404: there is no such model.</exception>
    public void Resolve(string? model)
    {
        try
        {
            models.Resolve(model);
        }
        catch (ApiError)
        {
            throw ApiError.NotFound($"The model `{model}` does not exist.", null);
        }
    }

    public int Count(string text) => engine.Tokenizer.Encode(text).Length + Frame;

    private int Check(int tokens, long? truncate)
    {
        if (truncate is { } limit)
        {
            tokens = (int)Math.Min(tokens, limit < 0 ? engine.Model.MaxModelLength : limit);
        }

        if (tokens > engine.Model.MaxModelLength)
        {
            SamplingReader.CheckLength(tokens, engine.Model.MaxModelLength);
        }

        return tokens;
    }

    private List<(string Text, int Tokens)> Texts(JsonElement input)
    {
        if (input.ValueKind == JsonValueKind.String)
        {
            var text = FieldReader.TextOf(input);
            return [(text, Count(text))];
        }

        if (input.ValueKind != JsonValueKind.Array || input.GetArrayLength() == 0)
        {
            return [];
        }

        return input[0].ValueKind == JsonValueKind.Number
            ? [FromIds(input)]
            : [.. input.EnumerateArray().Select(item => item.ValueKind == JsonValueKind.Array ? FromIds(item) : (FieldReader.TextOf(item), Count(FieldReader.TextOf(item))))];
    }

    private (string Text, int Tokens) FromIds(JsonElement ids) =>
        (string.Concat(ids.EnumerateArray().Select(id => id.TryGetInt32(out var token) ? LogprobsWriter.Text(token, engine.Tokenizer) : "")), ids.GetArrayLength());
}
