using System.Text.Json;
using AiInfra.Gateway.Endpoints;

namespace AiInfra.Gateway.Usage;

/// <summary>What of a request's body decides how many tokens it can cost. Positions count bytes of the body.</summary>
internal struct CallPeek
{
    private Fields _seen;
    private long _maxTokens;
    private long _maxCompletionTokens;
    private long _choices;
    private long _candidates;
    private long _prompts;

    [Flags]
    private enum Fields
    {
        None = 0,
        Stream = 1,
        StreamOptions = 2,
        MaxTokens = 4,
        MaxCompletionTokens = 8,
        Choices = 16,
        Candidates = 32,
        Prompt = 64,
    }

    public bool IsStream { get; private set; }

    /// <summary>The caller wants the frame with the usage at the end.</summary>
    public bool WantsUsage { get; private set; }

    /// <summary>The caller wants usage in every frame.</summary>
    public bool WantsContinuousUsage { get; private set; }

    /// <summary>Where the value of <c>stream_options</c> stands.</summary>
    public int StreamOptionsStart { get; private set; }

    /// <summary>Bytes of that value; 0 when there is none.</summary>
    public int StreamOptionsLength { get; private set; }

    /// <summary>Images, audio and video parts, at most.</summary>
    public int Media { get; private set; }

    /// <summary>How many answers are generated.</summary>
    public readonly long Answers => Math.Max(1, Math.Max(_choices, _candidates)) * Math.Max(1, _prompts);

    /// <summary>The most tokens that one answer may have, or null when the body sets no bound.</summary>
    public readonly long? MaxTokens => Math.Max(_maxTokens, _maxCompletionTokens) is > 0 and var most ? most : null;

    /// <summary>Reads a field, from its name to the end of its value.</summary>
    public ApiError? ReadField(ref Utf8JsonReader reader, int skipped)
    {
        var field = reader switch
        {
            _ when reader.ValueTextEquals("stream"u8) => Fields.Stream,
            _ when reader.ValueTextEquals("stream_options"u8) => Fields.StreamOptions,
            _ when reader.ValueTextEquals("max_tokens"u8) => Fields.MaxTokens,
            _ when reader.ValueTextEquals("max_completion_tokens"u8) || reader.ValueTextEquals("max_output_tokens"u8) => Fields.MaxCompletionTokens,
            _ when reader.ValueTextEquals("n"u8) => Fields.Choices,
            _ when reader.ValueTextEquals("best_of"u8) => Fields.Candidates,
            _ when reader.ValueTextEquals("prompt"u8) => Fields.Prompt,
            _ => Fields.None,
        };
        var isContent = field == Fields.None && (reader.ValueTextEquals("messages"u8) || reader.ValueTextEquals("input"u8));
        if ((_seen & field) != 0)
        {
            return ApiError.InvalidRequest($"The field '{reader.GetString()}' occurs twice.", reader.GetString());
        }

        _seen |= field;
        var name = field is Fields.None or Fields.Prompt ? null : reader.GetString();
        reader.Read();
        switch (field)
        {
            case Fields.Stream when reader.TokenType is JsonTokenType.True or JsonTokenType.False or JsonTokenType.Null:
                IsStream = reader.TokenType == JsonTokenType.True;
                return null;
            case Fields.Stream:
                return ApiError.InvalidRequest("The field 'stream' must be true or false.", "stream");
            case Fields.StreamOptions:
                ReadStreamOptions(ref reader, skipped);
                return null;
            case Fields.Prompt:
                ReadPrompt(ref reader);
                return null;
            case Fields.None when isContent:
                ReadContent(ref reader);
                return null;
            case Fields.None:
                reader.Skip();
                return null;
            default:
                return ReadNumber(ref reader, field, name!);
        }
    }

    private ApiError? ReadNumber(ref Utf8JsonReader reader, Fields field, string name)
    {
        var number = 0L;
        if (reader.TokenType != JsonTokenType.Null && (reader.TokenType != JsonTokenType.Number || !reader.TryGetInt64(out number)))
        {
            return ApiError.InvalidRequest($"The field '{name}' must be a whole number.", name);
        }

        number = Math.Clamp(number, 0, 1_000_000_000);
        switch (field)
        {
            case Fields.MaxTokens:
                _maxTokens = number;
                break;
            case Fields.MaxCompletionTokens:
                _maxCompletionTokens = number;
                break;
            case Fields.Choices:
                _choices = Math.Min(number, 100_000);
                break;
            default:
                _candidates = Math.Min(number, 100_000);
                break;
        }

        return null;
    }

    private void ReadStreamOptions(ref Utf8JsonReader reader, int skipped)
    {
        StreamOptionsStart = skipped + (int)reader.TokenStartIndex;
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

        StreamOptionsLength = skipped + (int)reader.BytesConsumed - StreamOptionsStart;
    }

    // One text, several, one list of token ids, or several of them.
    private void ReadPrompt(ref Utf8JsonReader reader)
    {
        _prompts = 1;
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            reader.Skip();
            return;
        }

        _prompts = 0;
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            _prompts += reader.TokenType == JsonTokenType.Number ? 0 : 1;
            reader.Skip();
        }
    }

    private void ReadContent(ref Utf8JsonReader reader)
    {
        if (reader.TokenType is not (JsonTokenType.StartArray or JsonTokenType.StartObject))
        {
            return;
        }

        var depth = reader.CurrentDepth;
        while (reader.Read() && reader.CurrentDepth > depth)
        {
            if (reader.TokenType == JsonTokenType.PropertyName
                && (reader.ValueTextEquals("image_url"u8) || reader.ValueTextEquals("video_url"u8) || reader.ValueTextEquals("audio_url"u8)
                    || reader.ValueTextEquals("input_audio"u8) || reader.ValueTextEquals("image_embeds"u8) || reader.ValueTextEquals("source"u8)))
            {
                Media++;
            }
        }
    }
}
