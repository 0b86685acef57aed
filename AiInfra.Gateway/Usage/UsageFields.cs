using System.Text.Json;

namespace AiInfra.Gateway.Usage;

/// <summary>The <c>usage</c> object of an answer, wherever it stands in it. A quote inside generated text is escaped, so text cannot feign it.</summary>
internal readonly record struct UsageFields(long PromptTokens, long CachedTokens, long CompletionTokens)
{
    private static readonly JsonReaderOptions Lenient = new() { AllowMultipleValues = true };

    /// <summary>Finds the last usage object of a JSON text.</summary>
    /// <param name="json">One event or one whole answer, or the end of one.</param>
    /// <param name="fields">What it says.</param>
    /// <param name="start">Where the property begins, its comma included, when it has one before it.</param>
    /// <param name="length">Bytes from there to the end of its value.</param>
    public static bool TryFind(ReadOnlySpan<byte> json, out UsageFields fields, out int start, out int length)
    {
        (fields, start, length) = (default, json.LastIndexOf("\"usage\":"u8), 0);
        if (start < 0)
        {
            return false;
        }

        var value = start + "\"usage\":"u8.Length;
        var reader = new Utf8JsonReader(json[value..], isFinalBlock: false, new JsonReaderState(Lenient));
        try
        {
            if (!reader.Read() || !TryRead(ref reader, out fields))
            {
                return false;
            }
        }
        catch (JsonException)
        {
            return false;
        }

        var end = value + (int)reader.BytesConsumed;
        start -= start > 0 && json[start - 1] == (byte)',' ? 1 : 0;
        length = end - start;
        return true;
    }

    private static bool TryRead(ref Utf8JsonReader reader, out UsageFields fields)
    {
        fields = default;
        if (reader.TokenType == JsonTokenType.Null)
        {
            return true;
        }

        if (reader.TokenType != JsonTokenType.StartObject)
        {
            return false;
        }

        long prompt = 0, cachedInside = 0, cachedBeside = 0, completion = 0;
        while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
        {
            if (reader.TokenType != JsonTokenType.PropertyName)
            {
                return false;
            }

            // OpenAI's prompt tokens include the cached ones, Anthropic's input tokens do not.
            var isPrompt = reader.ValueTextEquals("prompt_tokens"u8) || reader.ValueTextEquals("input_tokens"u8);
            var isCompletion = reader.ValueTextEquals("completion_tokens"u8) || reader.ValueTextEquals("output_tokens"u8);
            var isBeside = reader.ValueTextEquals("cache_read_input_tokens"u8) || reader.ValueTextEquals("cache_creation_input_tokens"u8);
            var isDetails = reader.ValueTextEquals("prompt_tokens_details"u8) || reader.ValueTextEquals("input_tokens_details"u8);
            if (!reader.Read())
            {
                return false;
            }

            if (isDetails && reader.TokenType == JsonTokenType.StartObject)
            {
                cachedInside = ReadCached(ref reader);
            }
            else if (reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out var number))
            {
                prompt += isPrompt ? number : 0;
                completion += isCompletion ? number : 0;
                cachedBeside += isBeside ? number : 0;
            }
            else if (!reader.TrySkip())
            {
                return false;
            }
        }

        fields = new UsageFields(prompt + cachedBeside, cachedInside + cachedBeside, completion);
        return reader.TokenType == JsonTokenType.EndObject;
    }

    private static long ReadCached(ref Utf8JsonReader reader)
    {
        var cached = 0L;
        while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
        {
            var isCached = reader.TokenType == JsonTokenType.PropertyName && reader.ValueTextEquals("cached_tokens"u8);
            if (reader.Read() && isCached && reader.TokenType == JsonTokenType.Number)
            {
                cached = reader.GetInt64();
            }
        }

        return cached;
    }
}
