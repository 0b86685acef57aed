using System.Text;
using System.Text.Json;
using AiInfra.LocalVllm.Engine;

namespace AiInfra.LocalVllm.Generation;

/// <summary>Writes log probabilities in the three shapes that vLLM knows.</summary>
internal static class LogprobsWriter
{
    /// <summary>Chat: <c>{"content":[{"token","logprob","bytes","top_logprobs"}…]}</c>.</summary>
    public static void WriteChat(Utf8JsonWriter json, IReadOnlyList<TokenLogprobs> logprobs, ITextTokenizer tokenizer)
    {
        json.WriteStartObject();
        json.WriteStartArray("content");
        foreach (var entry in logprobs)
        {
            json.WriteStartObject();
            WriteCandidate(json, entry.Chosen, tokenizer);
            json.WriteStartArray("top_logprobs");
            foreach (var candidate in entry.Top)
            {
                json.WriteStartObject();
                WriteCandidate(json, candidate, tokenizer);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    /// <summary>Completions: parallel arrays. A null entry is a prompt's first token.</summary>
    public static void WriteCompletion(
        Utf8JsonWriter json, IReadOnlyList<int> tokens, IReadOnlyList<TokenLogprobs?> logprobs, ITextTokenizer tokenizer, int startOffset)
    {
        json.WriteStartObject();
        json.WriteStartArray("text_offset");
        var offset = startOffset;
        foreach (var token in tokens)
        {
            json.WriteNumberValue(offset);
            offset += Text(token, tokenizer).Length;
        }

        json.WriteEndArray();
        json.WriteStartArray("token_logprobs");
        foreach (var entry in logprobs)
        {
            WriteNumber(json, entry?.Chosen.Logprob);
        }

        json.WriteEndArray();
        json.WriteStartArray("tokens");
        foreach (var token in tokens)
        {
            json.WriteStringValue(Text(token, tokenizer));
        }

        json.WriteEndArray();
        json.WriteStartArray("top_logprobs");
        foreach (var entry in logprobs)
        {
            if (entry is null)
            {
                json.WriteNullValue();
                continue;
            }

            json.WriteStartObject();
            foreach (var candidate in Distinct(entry))
            {
                json.WriteNumber(Text(candidate.Token, tokenizer), candidate.Logprob);
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    /// <summary>The prompt's: <c>[null,{"ID":{"logprob","rank","decoded_token"}…}…]</c>.</summary>
    public static void WritePrompt(Utf8JsonWriter json, IReadOnlyList<TokenLogprobs?> logprobs, ITextTokenizer tokenizer)
    {
        json.WriteStartArray();
        foreach (var entry in logprobs)
        {
            if (entry is null)
            {
                json.WriteNullValue();
                continue;
            }

            json.WriteStartObject();
            foreach (var candidate in Distinct(entry))
            {
                json.WriteStartObject(candidate.Token.ToString(System.Globalization.CultureInfo.InvariantCulture));
                json.WriteNumber("logprob", candidate.Logprob);
                json.WriteNumber("rank", candidate.Rank);
                json.WriteString("decoded_token", Text(candidate.Token, tokenizer));
                json.WriteEndObject();
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    public static string Text(int token, ITextTokenizer tokenizer) =>
        tokenizer.IsSpecial(token) ? tokenizer.Spelling(token) : Encoding.UTF8.GetString(tokenizer.Bytes(token));

    private static IEnumerable<TokenLogprob> Distinct(TokenLogprobs entry)
    {
        yield return entry.Chosen;
        foreach (var candidate in entry.Top)
        {
            if (candidate.Token != entry.Chosen.Token)
            {
                yield return candidate;
            }
        }
    }

    private static void WriteCandidate(Utf8JsonWriter json, TokenLogprob candidate, ITextTokenizer tokenizer)
    {
        json.WriteString("token", Text(candidate.Token, tokenizer));
        json.WriteNumber("logprob", candidate.Logprob);
        json.WriteStartArray("bytes");
        foreach (var value in tokenizer.Bytes(candidate.Token))
        {
            json.WriteNumberValue(value);
        }

        json.WriteEndArray();
    }

    private static void WriteNumber(Utf8JsonWriter json, float? value)
    {
        if (value is { } number)
        {
            json.WriteNumberValue(number);
        }
        else
        {
            json.WriteNullValue();
        }
    }
}
