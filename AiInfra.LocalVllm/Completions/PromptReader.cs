using System.Text.Json;
using AiInfra.LocalVllm.Engine;
using AiInfra.LocalVllm.Generation;
using AiInfra.LocalVllm.Http;

namespace AiInfra.LocalVllm.Completions;

/// <summary>Reads <c>prompt</c>: a text, token ids, or a list of either.</summary>
internal static class PromptReader
{
    /// <exception cref="ApiError">400: there is no prompt, or a token is unknown.</exception>
    public static IReadOnlyList<Prompt> Read(FieldReader body, ITextTokenizer tokenizer, int maxModelLength)
    {
        var value = body.Value("prompt");
        if (value is null or { ValueKind: JsonValueKind.String } && value?.GetString() is null or "")
        {
            throw ApiError.BadRequest("Either prompt or prompt_embeds must be provided and non-empty. (parameter=prompt)", "prompt");
        }

        var prompt = value.Value;
        if (prompt.ValueKind == JsonValueKind.String)
        {
            return [FromText(prompt, tokenizer, maxModelLength)];
        }

        if (prompt.ValueKind != JsonValueKind.Array)
        {
            body.Issues.Add("list_type", "body.prompt", "Input should be a valid list", ValidationIssues.Describe(prompt));
            body.Issues.ThrowIfAny();
        }

        if (prompt.GetArrayLength() == 0)
        {
            throw ApiError.BadRequest("You must pass at least one prompt", null);
        }

        return prompt[0].ValueKind == JsonValueKind.Number
            ? [FromIds(prompt, tokenizer)]
            : [.. prompt.EnumerateArray().Select(item => item.ValueKind == JsonValueKind.Array ? FromIds(item, tokenizer) : FromText(item, tokenizer, maxModelLength))];
    }

    private static Prompt FromText(JsonElement text, ITextTokenizer tokenizer, int maxModelLength)
    {
        if (text.ValueKind != JsonValueKind.String || FieldReader.TextOf(text) is not { Length: > 0 } prompt)
        {
            throw ApiError.BadRequest("Either prompt or prompt_embeds must be provided and non-empty. (parameter=prompt)", "prompt");
        }

        SamplingReader.CheckCharacters(prompt.Length, maxModelLength);
        return new Prompt(tokenizer.Encode(prompt), null);
    }

    private static Prompt FromIds(JsonElement ids, ITextTokenizer tokenizer)
    {
        var tokens = new int[ids.GetArrayLength()];
        var index = 0;
        foreach (var id in ids.EnumerateArray())
        {
            if (id.ValueKind != JsonValueKind.Number || !id.TryGetInt32(out var token) || token < 0 || token >= tokenizer.VocabularySize)
            {
                throw ApiError.BadRequest($"Token id {id.GetRawText()} is out of vocabulary", null);
            }

            tokens[index++] = token;
        }

        return tokens.Length > 0 ? new Prompt(tokens, null) : throw ApiError.BadRequest("You must pass at least one prompt", null);
    }
}
