using System.Text.Json;
using AiInfra.Gateway.Endpoints;
using AiInfra.Gateway.Forwarding;

namespace AiInfra.Gateway.Usage;

/// <summary>What of a request's body decides how many tokens it can cost: read once, and strictly, or a caller could understate it.</summary>
internal sealed class CallPeek
{
    private const long MostTokens = 1_000_000_000;
    private const long MostAnswers = 100_000;

    private bool _hasStreamOptions;
    private long? _choices;
    private long? _candidates;
    private long _prompts = 1;
    private long _maxTokens;

    public bool IsStream { get; private set; }

    /// <summary>The caller wants the frame with the usage at the end.</summary>
    public bool WantsUsage { get; private set; }

    /// <summary>The caller wants usage in every frame.</summary>
    public bool WantsContinuousUsage { get; private set; }

    /// <summary>The value of <c>stream_options</c>.</summary>
    public ByteRange StreamOptions { get; private set; }

    /// <summary>Images, audio and video parts, at most; counted where their addresses are checked.</summary>
    public int Media { get; set; }

    /// <summary>Bytes of media that stand in a message by value: an engine makes none of their characters a token.</summary>
    public long MediaBytes { get; set; }

    /// <summary>What is compared with what, where that is what the endpoint does.</summary>
    public PairPeek? Pairs { get; set; }

    /// <summary>How many answers are generated.</summary>
    public long Answers => Math.Max(1, Math.Max(_choices ?? 1, _candidates ?? 1)) * Math.Max(1, _prompts);

    /// <summary>The most tokens that one answer may have, or null when the body sets no bound.</summary>
    public long? MaxTokens => _maxTokens > 0 ? _maxTokens : null;

    /// <summary>Reads a field that nobody else looks at, from its name to the end of its value.</summary>
    public ApiError? ReadField(ref Utf8JsonReader reader, int skipped)
    {
        var isChoices = reader.ValueTextEquals("n"u8);
        if (isChoices || reader.ValueTextEquals("best_of"u8))
        {
            var isAgain = (isChoices ? _choices : _candidates) is not null;
            reader.Read();
            if (isAgain || !TryReadCount(reader, MostAnswers, out var count))
            {
                return Unclear(isChoices ? "n" : "best_of", isAgain);
            }

            (_choices, _candidates) = isChoices ? ((long?)count, _candidates) : (_choices, count);
            return null;
        }

        var isStreamOptions = reader.ValueTextEquals("stream_options"u8);
        reader.Read();
        if (!isStreamOptions)
        {
            reader.Skip();
            return null;
        }

        if (_hasStreamOptions)
        {
            return Unclear("stream_options", isAgain: true);
        }

        _hasStreamOptions = true;
        ReadStreamOptions(ref reader, skipped);
        return null;
    }

    /// <summary>Looks at the value of a field that is read elsewhere. The reader is a copy and stands on the value.</summary>
    public ApiError? ReadKnown(RequestField field, Utf8JsonReader reader)
    {
        switch (field)
        {
            case RequestField.Stream when reader.TokenType is JsonTokenType.True or JsonTokenType.False or JsonTokenType.Null:
                IsStream = reader.TokenType == JsonTokenType.True;
                return null;
            case RequestField.Stream:
                return ApiError.InvalidRequest("The field 'stream' must be true or false.", "stream");
            case RequestField.MaxTokens or RequestField.MaxCompletionTokens or RequestField.MaxOutputTokens:
                if (!TryReadCount(reader, MostTokens, out var tokens))
                {
                    return Unclear(field == RequestField.MaxTokens ? "max_tokens" : field == RequestField.MaxOutputTokens ? "max_output_tokens" : "max_completion_tokens", false);
                }

                _maxTokens = Math.Max(_maxTokens, tokens);
                return null;
            case RequestField.Prompt:
                CountPrompts(reader);
                return null;
            default:
                return null;
        }
    }

    private static ApiError Unclear(string name, bool isAgain) => isAgain
        ? ApiError.InvalidRequest($"The field '{name}' occurs twice.", name)
        : ApiError.InvalidRequest($"The field '{name}' must be a whole number.", name);

    private static bool TryReadCount(Utf8JsonReader reader, long most, out long count)
    {
        count = 0;
        if (reader.TokenType == JsonTokenType.Null)
        {
            return true;
        }

        var isWhole = reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out count);
        count = Math.Clamp(count, 0, most);
        return isWhole;
    }

    private void ReadStreamOptions(ref Utf8JsonReader reader, int skipped)
    {
        var start = skipped + (int)reader.TokenStartIndex;
        if (reader.TokenType == JsonTokenType.StartObject)
        {
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var isUsage = reader.ValueTextEquals("include_usage"u8);
                var isContinuous = reader.ValueTextEquals("continuous_usage_stats"u8);
                reader.Read();
                WantsUsage = isUsage ? reader.TokenType == JsonTokenType.True : WantsUsage;
                WantsContinuousUsage = isContinuous ? reader.TokenType == JsonTokenType.True : WantsContinuousUsage;
                reader.Skip();
            }
        }
        else
        {
            reader.Skip();
        }

        StreamOptions = new ByteRange(start, skipped + (int)reader.BytesConsumed - start);
    }

    // One text, several, one list of token ids, or several of them.
    private void CountPrompts(Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            return;
        }

        _prompts = 0;
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            _prompts += reader.TokenType == JsonTokenType.Number ? 0 : 1;
            reader.Skip();
        }
    }
}
