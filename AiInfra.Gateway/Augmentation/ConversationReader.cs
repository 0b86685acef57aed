using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using AiInfra.Gateway.Forwarding;

namespace AiInfra.Gateway.Augmentation;

/// <summary>
/// Finds the user's turns in the body of a chat call, of OpenAI's or Anthropic's form or of the responses API, and names each by what
/// leads up to it. Text counts unescaped, so it does not matter how a client escapes it.
/// </summary>
internal sealed class ConversationReader : IDisposable
{
    private const int NameBytes = 16;

    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly List<UserTurn> _turns = [];
    private int _messagesSince;
    private bool _isContinued;

    /// <summary>In the order of the conversation.</summary>
    public IReadOnlyList<UserTurn> Turns => _turns;

    /// <summary>The turn that waits for an answer; null when the last message is a tool's, or an answer.</summary>
    public UserTurn? Newest => _turns.Count > 0 && !_isContinued && _messagesSince <= 1 ? _turns[^1] : null;

    public void Read(ReadOnlySpan<byte> body, RequestPeek peek)
    {
        // What came before this body lies with the replica.
        Add(1, peek.PreviousResponseId.Of(body));
        if (peek.System.IsThere)
        {
            ReadContent(peek.System.Of(body), peek.System.Start, out _);
        }

        var messages = peek.Messages.IsThere ? peek.Messages : peek.Input;
        var json = messages.Of(body);
        if (json.IsEmpty)
        {
            return;
        }

        if (json[0] == (byte)'"')
        {
            AddTurn(ReadContent(json, messages.Start, out var text), text);
        }
        else if (json[0] == (byte)'[')
        {
            ReadMessages(json, messages.Start);
        }
    }

    public void Dispose() => _hash.Dispose();

    private void ReadMessages(ReadOnlySpan<byte> json, int offset)
    {
        var reader = new Utf8JsonReader(json);
        reader.Read();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType == JsonTokenType.StartObject)
            {
                ReadMessage(json, offset, ref reader);
            }
            else
            {
                reader.Skip();
            }
        }
    }

    private void ReadMessage(ReadOnlySpan<byte> json, int offset, ref Utf8JsonReader reader)
    {
        string? role = null;
        var (content, others) = (default(ByteRange), new List<ByteRange>());
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isRole = reader.ValueTextEquals("role"u8);
            var isContent = reader.ValueTextEquals("content"u8);
            var start = (int)reader.TokenStartIndex;
            reader.Read();
            var (valueStart, isNull) = ((int)reader.TokenStartIndex, reader.TokenType == JsonTokenType.Null);
            role = isRole && reader.TokenType == JsonTokenType.String ? reader.GetString() : role;
            reader.Skip();
            var end = (int)reader.BytesConsumed;
            if (isContent)
            {
                content = new ByteRange(valueStart, end - valueStart);
            }
            else if (!isRole && !isNull)
            {
                others.Add(new ByteRange(start, end - start));
            }
        }

        Add(2, Encoding.UTF8.GetBytes(role ?? ""));
        var insertAt = ReadContent(content.Of(json), offset + content.Start, out var text);
        foreach (var other in others)
        {
            Add(5, other.Of(json));
        }

        if (role == "user" && insertAt >= 0)
        {
            AddTurn(insertAt, text);
            return;
        }

        _messagesSince++;
        // An answer that the client began is still the answer to the turn; anything else stands between.
        _isContinued |= role != "assistant" || others.Count > 0;
    }

    private void AddTurn(int insertAt, string text)
    {
        (_messagesSince, _isContinued) = (0, false);
        if (insertAt >= 0)
        {
            _turns.Add(new UserTurn(Convert.ToHexStringLower(_hash.GetCurrentHash().AsSpan(0, NameBytes)), insertAt, text));
        }
    }

    /// <returns>Where the first text begins, inside its quotes; -1 when there is none.</returns>
    private int ReadContent(ReadOnlySpan<byte> json, int offset, out string text)
    {
        text = "";
        if (json.IsEmpty)
        {
            return -1;
        }

        var reader = new Utf8JsonReader(json);
        reader.Read();
        if (reader.TokenType == JsonTokenType.String)
        {
            text = reader.GetString()!;
            Add(3, Encoding.UTF8.GetBytes(text));
            return text.Length > 0 ? offset + 1 : -1;
        }

        if (reader.TokenType != JsonTokenType.StartArray)
        {
            Add(4, json);
            return -1;
        }

        var first = -1;
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            var start = (int)reader.TokenStartIndex;
            var (at, part) = reader.TokenType == JsonTokenType.StartObject ? FindText(reader) : (-1, null);
            reader.Skip();
            if (part is { Length: > 0 })
            {
                Add(3, Encoding.UTF8.GetBytes(part));
                (first, text) = first < 0 ? (offset + at, part) : (first, $"{text}\n{part}");
            }
            else
            {
                Add(4, json[start..(int)reader.BytesConsumed]);
            }
        }

        return first;
    }

    // {"type":"text","text":"Hi"} or {"type":"input_text","text":"Hi"}
    private static (int At, string? Text) FindText(Utf8JsonReader part)
    {
        while (part.Read() && part.TokenType == JsonTokenType.PropertyName)
        {
            var isText = part.ValueTextEquals("text"u8);
            part.Read();
            if (isText && part.TokenType == JsonTokenType.String)
            {
                return ((int)part.TokenStartIndex + 1, part.GetString());
            }

            part.Skip();
        }

        return (-1, null);
    }

    private void Add(byte kind, ReadOnlySpan<byte> bytes)
    {
        // The length in front, or two texts could run together into another's.
        Span<byte> head = stackalloc byte[5];
        head[0] = kind;
        System.Buffers.Binary.BinaryPrimitives.WriteInt32LittleEndian(head[1..], bytes.Length);
        _hash.AppendData(head);
        _hash.AppendData(bytes);
    }
}
