using System.Text.Json;
using System.Text.Unicode;
using AiInfra.Gateway.Endpoints;
using AiInfra.Gateway.Usage;

namespace AiInfra.Gateway.Forwarding;

/// <summary>What the gateway must know of a request's JSON body. It is read once, whole; ranges count bytes of the body.</summary>
internal sealed class RequestPeek
{
    private const int MaxDepth = 64;
    private static readonly JsonReaderOptions Strict = new() { MaxDepth = MaxDepth };

    private readonly List<ByteRange> _engineFields = [];
    private ByteRange _model;
    private byte[]? _unescapedModel;
    private uint _seen;

    /// <summary>What decides how many tokens the request can cost.</summary>
    public CallPeek Cost { get; } = new();

    /// <summary>Where the first field may be inserted: behind the opening brace.</summary>
    public int FieldsStart { get; private set; }

    /// <summary>True when the object has no field at all.</summary>
    public bool IsEmpty { get; private set; } = true;

    /// <summary>The value of <c>model</c>, quotes included.</summary>
    public ByteRange ModelValue => _model;

    /// <summary>The value of <c>cache_salt</c>, quotes included.</summary>
    public ByteRange CacheSalt { get; private set; }

    /// <summary>The id in <c>previous_response_id</c>, without quotes.</summary>
    public ByteRange PreviousResponseId { get; private set; }

    public ByteRange Messages { get; private set; }

    public ByteRange Prompt { get; private set; }

    public ByteRange Input { get; private set; }

    public ByteRange System { get; private set; }

    public ByteRange Tools { get; private set; }

    /// <summary>Bytes of what the engine must compile before it can answer: schemas, expressions, grammars.</summary>
    public int GrammarBytes { get; private set; }

    /// <summary>Bytes of the stop strings, which the engine looks for after every token.</summary>
    public int StopBytes { get; private set; }

    /// <summary>The tokens that the caller asks for at most; 0 when it does not say.</summary>
    public int MaxTokens { get; private set; }

    /// <summary>True when the caller asks for a stream with a JSON <c>true</c>.</summary>
    public bool Stream { get; private set; }

    /// <summary>Ranges to cut so that the engine-internal fields are gone and the JSON stays whole.</summary>
    public IReadOnlyList<ByteRange> EngineFields => _engineFields;

    /// <summary>The model's name, unescaped; empty when the body names none.</summary>
    public ReadOnlySpan<byte> Model(ReadOnlySpan<byte> body) =>
        !_model.IsThere ? default : _unescapedModel is null ? body.Slice(_model.Start + 1, _model.Length - 2) : _unescapedModel;

    /// <summary>Reads the body: it must be one JSON object in UTF-8, inspected fields once each, media by value or from a listed host.</summary>
    public static ApiError? TryRead(ReadOnlySpan<byte> body, MediaHosts media, out RequestPeek peek)
    {
        peek = new RequestPeek();
        if (!Utf8.IsValid(body))
        {
            return ApiError.InvalidRequest("The request body is not valid UTF-8.");
        }

        // vLLM accepts a byte order mark; the reader does not.
        var skipped = body.StartsWith((ReadOnlySpan<byte>)[0xEF, 0xBB, 0xBF]) ? 3 : 0;
        var reader = new Utf8JsonReader(body[skipped..], Strict);
        try
        {
            return peek.ReadObject(ref reader, skipped, media);
        }
        catch (JsonException malformed)
        {
            return ApiError.InvalidRequest($"The request body is not valid JSON (line {malformed.LineNumber + 1}, byte {malformed.BytePositionInLine}).");
        }
        catch (InvalidOperationException)
        {
            // Half a surrogate pair cannot be unescaped.
            return ApiError.InvalidRequest("The request body holds an invalid Unicode escape.");
        }
    }

    private ApiError? ReadObject(ref Utf8JsonReader reader, int skipped, MediaHosts media)
    {
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
        {
            return ApiError.InvalidRequest("The request body must be a JSON object.");
        }

        FieldsStart = skipped + (int)reader.BytesConsumed;
        // The end of the last field that stays; 0 while none has been kept.
        var keptEnd = 0;
        var firstCut = -1;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var nameStart = skipped + (int)reader.TokenStartIndex;
            if (firstCut >= 0)
            {
                // The cut field stood first: the comma behind it goes with it.
                _engineFields.Add(new ByteRange(firstCut, nameStart - firstCut));
                firstCut = -1;
            }

            var field = RequestFields.Of(ref reader);
            if (ReadField(field, ref reader, skipped, media) is { } error)
            {
                return error;
            }

            var valueEnd = skipped + (int)reader.BytesConsumed;
            IsEmpty = false;
            if (!RequestFields.IsEngineInternal(field))
            {
                keptEnd = valueEnd;
            }
            else if (keptEnd > 0)
            {
                _engineFields.Add(new ByteRange(keptEnd, valueEnd - keptEnd));
                keptEnd = valueEnd;
            }
            else
            {
                firstCut = nameStart;
            }
        }

        if (firstCut >= 0)
        {
            _engineFields.Add(new ByteRange(firstCut, skipped + (int)reader.TokenStartIndex - firstCut));
        }

        // Nothing may follow the object.
        reader.Read();
        return null;
    }

    private ApiError? ReadField(RequestField field, ref Utf8JsonReader reader, int skipped, MediaHosts media)
    {
        if (field == RequestField.None)
        {
            return Cost.ReadField(ref reader, skipped);
        }

        var bit = 1u << (int)field;
        if ((_seen & bit) != 0)
        {
            return ApiError.InvalidRequest($"The field '{reader.GetString()}' occurs twice.", reader.GetString());
        }

        _seen |= bit;
        reader.Read();
        if (Cost.ReadKnown(field, reader) is { } unclear)
        {
            return unclear;
        }

        var start = skipped + (int)reader.TokenStartIndex;
        var error = field switch
        {
            RequestField.Model => ReadModel(ref reader),
            RequestField.CacheSalt or RequestField.PreviousResponseId => reader.TokenType is JsonTokenType.String or JsonTokenType.Null
                ? null
                : ApiError.InvalidRequest("The field must be a string.", field == RequestField.CacheSalt ? "cache_salt" : "previous_response_id"),
            _ when RequestFields.HoldsContent(field) => media.Check(ref reader, Cost),
            _ => ReadScalar(field, ref reader),
        };
        var range = new ByteRange(start, skipped + (int)reader.BytesConsumed - start);
        Keep(field, range, reader.TokenType);
        return error;
    }

    private void Keep(RequestField field, ByteRange range, JsonTokenType type)
    {
        switch (field)
        {
            case RequestField.Model:
                _model = range;
                break;
            case RequestField.Messages:
                Messages = range;
                break;
            case RequestField.Prompt:
                Prompt = range;
                break;
            case RequestField.Input:
                Input = range;
                break;
            case RequestField.System or RequestField.Instructions:
                System = range;
                break;
            case RequestField.Tools:
                Tools = range;
                break;
            case RequestField.ResponseFormat or RequestField.StructuredOutputs:
                GrammarBytes += range.Length;
                break;
            case RequestField.Stop:
                StopBytes = range.Length;
                break;
            case RequestField.CacheSalt:
                CacheSalt = range;
                break;
            case RequestField.PreviousResponseId when type == JsonTokenType.String:
                PreviousResponseId = new ByteRange(range.Start + 1, range.Length - 2);
                break;
        }
    }

    private ApiError? ReadModel(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.String)
        {
            return ApiError.InvalidRequest("The field 'model' must be a string.", "model");
        }

        if (reader.ValueIsEscaped)
        {
            var unescaped = new byte[reader.ValueSpan.Length];
            _unescapedModel = unescaped[..reader.CopyString(unescaped)];
        }

        return null;
    }

    private ApiError? ReadScalar(RequestField field, ref Utf8JsonReader reader)
    {
        if (field == RequestField.Stream)
        {
            Stream = reader.TokenType == JsonTokenType.True;
        }
        else if (field is RequestField.MaxTokens or RequestField.MaxCompletionTokens or RequestField.MaxOutputTokens
            && reader.TokenType == JsonTokenType.Number && reader.TryGetInt32(out var tokens))
        {
            MaxTokens = Math.Max(0, tokens);
        }

        reader.Skip();
        return null;
    }
}
