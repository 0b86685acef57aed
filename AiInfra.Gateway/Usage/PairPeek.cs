using System.Text.Json;
using AiInfra.Gateway.Endpoints;
using AiInfra.Gateway.Forwarding;

namespace AiInfra.Gateway.Usage;

/// <summary>
/// A request that has texts compared (<c>/v1/rerank</c>, <c>/v1/score</c>): the engine reads the query again with every document, so it
/// costs more tokens than it has bytes. Either side may hold media.
/// </summary>
internal sealed class PairPeek
{
    // What a template writes around each pair.
    private const int FrameTokens = 128;

    private Side _queries = new(1, 0, 0);
    private Side _documents = new(1, 0, 0);

    /// <summary>Tokens beyond one for each byte of the body.</summary>
    public long MoreTokens(int tokensPerMedia)
    {
        var pairs = Math.Max(_queries.Count, _documents.Count);
        // Either one query with each document, or one by one, where nothing is read twice.
        var again = _queries.Count == _documents.Count ? 0 : pairs - 1;
        return (pairs * FrameTokens) + (again * (_queries.Bytes + (_queries.Media * tokensPerMedia)));
    }

    /// <summary>Reads a body that is known to be one JSON object.</summary>
    public static ApiError? TryRead(ReadOnlySpan<byte> body, MediaHosts media, CallPeek cost)
    {
        var pairs = cost.Pairs = new PairPeek();
        var reader = new Utf8JsonReader(body[body.IndexOf((byte)'{')..]);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isQuery = reader.ValueTextEquals("query"u8) || reader.ValueTextEquals("queries"u8) || reader.ValueTextEquals("text_1"u8) || reader.ValueTextEquals("data_1"u8);
            var isDocument = reader.ValueTextEquals("documents"u8) || reader.ValueTextEquals("items"u8) || reader.ValueTextEquals("text_2"u8) || reader.ValueTextEquals("data_2"u8);
            reader.Read();
            if (!isQuery && !isDocument)
            {
                reader.Skip();
                continue;
            }

            var (start, count, before) = (reader.TokenStartIndex, CountOf(reader), cost.Media);
            if (media.Check(ref reader, cost) is { } error)
            {
                return error;
            }

            var side = new Side(count, reader.BytesConsumed - start, cost.Media - before);
            (isQuery ? ref pairs._queries : ref pairs._documents).Grow(side);
        }

        return null;
    }

    // "…" | ["…", "…"] | {"content": ["…", {"type": "image_url", …}]}
    private static long CountOf(Utf8JsonReader reader)
    {
        var count = 0L;
        var (kind, depth) = (reader.TokenType, reader.CurrentDepth);
        if (kind is not (JsonTokenType.StartArray or JsonTokenType.StartObject))
        {
            return 1;
        }

        while (reader.Read() && reader.CurrentDepth > depth)
        {
            count += kind == JsonTokenType.StartArray || reader.TokenType is JsonTokenType.String or JsonTokenType.StartObject ? 1 : 0;
            if (kind == JsonTokenType.StartArray)
            {
                reader.Skip();
            }
        }

        return Math.Max(1, count);
    }

    private record struct Side(long Count, long Bytes, long Media)
    {
        // A field that occurs twice counts as whichever is larger.
        public void Grow(Side other) => (Count, Bytes, Media) = (Math.Max(Count, other.Count), Math.Max(Bytes, other.Bytes), Math.Max(Media, other.Media));
    }
}
