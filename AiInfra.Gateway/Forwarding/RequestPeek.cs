using System.Text.Json;
using System.Text.Unicode;
using AiInfra.Gateway.Endpoints;
using AiInfra.Gateway.Usage;

namespace AiInfra.Gateway.Forwarding;

/// <summary>What the gateway must know of a request's JSON body. Positions count bytes of the body.</summary>
internal struct RequestPeek
{
    private static readonly JsonReaderOptions Strict = new() { MaxDepth = 64 };

    private byte[]? _unescapedModel;
    private CallPeek _call;

    /// <summary>What decides how much the call can cost.</summary>
    public readonly CallPeek Call => _call;

    /// <summary>Where the value of <c>model</c> stands, quotes included.</summary>
    public int ModelStart { get; private set; }

    /// <summary>Bytes of that value; 0 when the body names no model.</summary>
    public int ModelLength { get; private set; }

    /// <summary>Where the first field may be inserted: behind the opening brace.</summary>
    public int FieldsStart { get; private set; }

    /// <summary>The model's name, unescaped.</summary>
    /// <param name="body">The body that was read.</param>
    public readonly ReadOnlySpan<byte> Model(ReadOnlySpan<byte> body) =>
        ModelLength == 0 ? default : _unescapedModel is null ? body.Slice(ModelStart + 1, ModelLength - 2) : _unescapedModel;

    /// <summary>Reads the whole body once: it must be one JSON object in UTF-8, inspected fields at most once each.</summary>
    public static ApiError? TryRead(ReadOnlySpan<byte> body, out RequestPeek peek)
    {
        peek = default;
        if (!Utf8.IsValid(body))
        {
            return ApiError.InvalidRequest("The request body is not valid UTF-8.");
        }

        // vLLM accepts a byte order mark; the reader does not.
        var skipped = body.StartsWith((ReadOnlySpan<byte>)[0xEF, 0xBB, 0xBF]) ? 3 : 0;
        var reader = new Utf8JsonReader(body[skipped..], Strict);
        try
        {
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            {
                return ApiError.InvalidRequest("The request body must be a JSON object.");
            }

            peek.FieldsStart = skipped + (int)reader.BytesConsumed;
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                if (peek.ReadField(ref reader, skipped) is { } error)
                {
                    return error;
                }
            }

            // Nothing may follow the object.
            reader.Read();
            return null;
        }
        catch (JsonException malformed)
        {
            return ApiError.InvalidRequest($"The request body is not valid JSON (line {malformed.LineNumber + 1}, byte {malformed.BytePositionInLine}).");
        }
        catch (InvalidOperationException)
        {
            // A name with half a surrogate pair cannot be unescaped.
            return ApiError.InvalidRequest("The request body holds an invalid Unicode escape.");
        }
    }

    private ApiError? ReadField(ref Utf8JsonReader reader, int skipped)
    {
        if (!reader.ValueTextEquals("model"u8))
        {
            return _call.ReadField(ref reader, skipped);
        }

        if (ModelLength > 0)
        {
            return ApiError.InvalidRequest("The field 'model' occurs twice.", "model");
        }

        reader.Read();
        if (reader.TokenType != JsonTokenType.String)
        {
            return ApiError.InvalidRequest("The field 'model' must be a string.", "model");
        }

        ModelStart = skipped + (int)reader.TokenStartIndex;
        ModelLength = (int)reader.BytesConsumed - (int)reader.TokenStartIndex;
        if (reader.ValueIsEscaped)
        {
            var unescaped = new byte[reader.ValueSpan.Length];
            _unescapedModel = unescaped[..reader.CopyString(unescaped)];
        }

        return null;
    }
}
