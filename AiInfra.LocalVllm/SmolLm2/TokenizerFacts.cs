using System.Text.Json;
using System.Text.Json.Serialization;

namespace AiInfra.LocalVllm.SmolLm2;

/// <summary>What <c>tokenizer_facts.json</c> says: the special tokens, where an answer stops, how text is cut before merging.</summary>
internal sealed record TokenizerFacts(
    [property: JsonPropertyName("vocab_size")] int VocabularySize,
    [property: JsonPropertyName("stop_token_ids")] IReadOnlyList<int> StopTokenIds,
    [property: JsonPropertyName("pre_tokenizer_one_regex")] string PreTokenizer,
    [property: JsonPropertyName("special_tokens")] IReadOnlyDictionary<string, int> SpecialTokens)
{
    public const string FileName = "tokenizer_facts.json";

    /// <exception cref="ModelFolderException">The file is no JSON, or lacks what is needed.</exception>
    public static TokenizerFacts Read(string path)
    {
        TokenizerFacts? facts;
        try
        {
            facts = JsonSerializer.Deserialize(File.ReadAllBytes(path), TokenizerFactsJson.Default.TokenizerFacts);
        }
        catch (JsonException problem)
        {
            throw new ModelFolderException($"{path}: {problem.Message}");
        }

        if (facts is not { VocabularySize: > 0, StopTokenIds.Count: > 0, PreTokenizer.Length: > 0, SpecialTokens.Count: > 0 })
        {
            throw new ModelFolderException($"{path} must give vocab_size, stop_token_ids, pre_tokenizer_one_regex and special_tokens.");
        }

        return facts;
    }

    /// <exception cref="ModelFolderException">The token is not special here.</exception>
    public int Special(string token) => SpecialTokens.TryGetValue(token, out var id)
        ? id
        : throw new ModelFolderException(
            $"The chat template needs the special token {token}, which {FileName} does not name: only models with this template can be served.");
}

[JsonSerializable(typeof(TokenizerFacts))]
internal sealed partial class TokenizerFactsJson : JsonSerializerContext;
