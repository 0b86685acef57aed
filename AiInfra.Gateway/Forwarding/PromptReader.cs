using System.Buffers;
using System.Text.Json;
using AiInfra.Gateway.Routing;

namespace AiInfra.Gateway.Forwarding;

/// <summary>
/// Feeds a request's prompt to a chain in the order in which a chat template writes it: tools, system, then role and content message by
/// message. Text counts unescaped, so it does not matter how a client escapes it; everything else by its bytes.
/// </summary>
internal static class PromptReader
{
    private static ReadOnlySpan<byte> BeforeRole => [1];

    private static ReadOnlySpan<byte> BeforeContent => [2];

    public static void Read(ReadOnlySpan<byte> body, RequestPeek peek, PromptChain chain)
    {
        chain.Add(peek.Tools.Of(body));
        AddContent(peek.System.Of(body), chain);
        AddMessages(peek.Messages.Of(body), chain);
        AddMessages(peek.Input.Of(body), chain);
        AddContent(peek.Prompt.Of(body), chain);
    }

    /// <summary>The beginning of an answer, as it will stand in the next turn's messages.</summary>
    public static void BeginAnswer(PromptChain chain)
    {
        chain.Add(BeforeRole);
        chain.Add("assistant"u8);
        chain.Add(BeforeContent);
    }

    /// <summary>A JSON string's text; <paramref name="json"/> begins at the opening quote and may go on behind the closing one.</summary>
    public static void AddString(ReadOnlySpan<byte> json, PromptChain chain)
    {
        var reader = new Utf8JsonReader(json, isFinalBlock: false, default);
        if (reader.Read() && reader.TokenType == JsonTokenType.String)
        {
            AddText(ref reader, chain);
        }
    }

    private static void AddMessages(ReadOnlySpan<byte> json, PromptChain chain)
    {
        if (json.IsEmpty || json[0] != (byte)'[')
        {
            AddContent(json, chain);
            return;
        }

        var reader = new Utf8JsonReader(json);
        reader.Read();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType == JsonTokenType.StartObject)
            {
                AddMessage(json, ref reader, chain);
            }
            else
            {
                // A list of texts or of tokens (embeddings).
                AddValue(json, ref reader, chain);
            }
        }
    }

    private static void AddMessage(ReadOnlySpan<byte> json, ref Utf8JsonReader reader, PromptChain chain)
    {
        const int MaxOthers = 16;
        Span<ByteRange> others = stackalloc ByteRange[MaxOthers];
        var (role, content, otherCount) = (default(ByteRange), default(ByteRange), 0);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isRole = reader.ValueTextEquals("role"u8);
            var isContent = reader.ValueTextEquals("content"u8);
            var nameStart = (int)reader.TokenStartIndex;
            reader.Read();
            var start = (int)reader.TokenStartIndex;
            var isNull = reader.TokenType == JsonTokenType.Null;
            reader.Skip();
            var range = new ByteRange(start, (int)reader.BytesConsumed - start);
            if (isRole)
            {
                role = range;
            }
            else if (isContent)
            {
                content = range;
            }
            else if (!isNull && otherCount < MaxOthers)
            {
                others[otherCount++] = new ByteRange(nameStart, range.End - nameStart);
            }
        }

        chain.Add(BeforeRole);
        AddContent(role.Of(json), chain);
        chain.Add(BeforeContent);
        AddContent(content.Of(json), chain);
        foreach (var other in others[..otherCount])
        {
            chain.Add(other.Of(json));
        }
    }

    // A text, or a list of parts of which those with a text count by it.
    private static void AddContent(ReadOnlySpan<byte> json, PromptChain chain)
    {
        if (json.IsEmpty)
        {
            return;
        }

        if (json[0] == (byte)'"' && !json.Contains((byte)'\\'))
        {
            // The usual long text, whose end is known: no need to look for it again.
            chain.Add(json[1..^1]);
            return;
        }

        var reader = new Utf8JsonReader(json);
        if (!reader.Read())
        {
            return;
        }

        if (reader.TokenType != JsonTokenType.StartArray)
        {
            AddValue(json, ref reader, chain);
            return;
        }

        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            var start = (int)reader.TokenStartIndex;
            if (reader.TokenType == JsonTokenType.StartObject && TryAddTextPart(reader, chain))
            {
                reader.Skip();
                continue;
            }

            reader.Skip();
            chain.Add(json[start..(int)reader.BytesConsumed]);
        }
    }

    private static bool TryAddTextPart(Utf8JsonReader part, PromptChain chain)
    {
        while (part.Read() && part.TokenType == JsonTokenType.PropertyName)
        {
            var isText = part.ValueTextEquals("text"u8);
            part.Read();
            if (isText && part.TokenType == JsonTokenType.String)
            {
                AddText(ref part, chain);
                return true;
            }

            part.Skip();
        }

        return false;
    }

    private static void AddValue(ReadOnlySpan<byte> json, ref Utf8JsonReader reader, PromptChain chain)
    {
        if (reader.TokenType == JsonTokenType.String)
        {
            AddText(ref reader, chain);
            return;
        }

        var start = (int)reader.TokenStartIndex;
        reader.Skip();
        chain.Add(json[start..(int)reader.BytesConsumed]);
    }

    private static void AddText(ref Utf8JsonReader reader, PromptChain chain)
    {
        if (!reader.ValueIsEscaped)
        {
            chain.Add(reader.ValueSpan);
            return;
        }

        var unescaped = ArrayPool<byte>.Shared.Rent(reader.ValueSpan.Length);
        try
        {
            chain.Add(unescaped.AsSpan(0, reader.CopyString(unescaped)));
        }
        catch (InvalidOperationException)
        {
            // Half a surrogate pair: the engine decides what that is, the bytes tell prompts apart as well.
            chain.Add(reader.ValueSpan);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(unescaped);
        }
    }
}
