using System.Collections.Frozen;
using System.Text;
using System.Text.Json;
using AiInfra.Gateway.Endpoints;
using AiInfra.Gateway.Usage;

namespace AiInfra.Gateway.Forwarding;

/// <summary>
/// From where a model server may fetch media. It would fetch any address that a caller names, inside the cluster too, so media come by
/// value (<c>data:</c>) unless their host is listed.
/// </summary>
internal sealed class MediaHosts(IEnumerable<string> hosts)
{
    private const int MaxDepth = 64;

    // [{"content": [ from the messages' own depth: there a part is a part, elsewhere it may be data that a template writes out.
    private const int ContentDepth = 2;

    private readonly FrozenSet<string> _hosts = hosts.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    /// <summary>Walks the value that the reader stands on and stops behind it.</summary>
    /// <param name="reader">Stands on the value.</param>
    /// <param name="cost">Counts the parts that are not text, and the bytes that they take: the same walk sees them.</param>
    /// <remarks>Looks for <c>"image_url":"…"</c>, <c>"image_url":{"url":"…"}</c> (video, audio and file alike) and <c>"source":{"url":"…"}</c>.</remarks>
    public ApiError? Check(ref Utf8JsonReader reader, CallPeek cost)
    {
        if (reader.TokenType is not (JsonTokenType.StartObject or JsonTokenType.StartArray))
        {
            return null;
        }

        // Per depth: whether the object there is the value of a property that names media, or that holds them.
        Span<bool> isMedia = stackalloc bool[MaxDepth + 2];
        Span<bool> isPart = stackalloc bool[MaxDepth + 2];
        var outer = reader.CurrentDepth;
        var (nameIsMedia, nameIsUrl, nameIsPart, nameIsValue, nameIsContent, isInContent) = (false, false, false, false, false, false);
        isMedia[outer] = false;
        while (reader.Read())
        {
            switch (reader.TokenType)
            {
                case JsonTokenType.PropertyName:
                    (nameIsMedia, nameIsUrl, nameIsPart) = Tell(ref reader);
                    nameIsValue = nameIsUrl || reader.ValueTextEquals("data"u8);
                    nameIsContent = reader.CurrentDepth == outer + ContentDepth && reader.ValueTextEquals("content"u8);
                    cost.Media += nameIsPart ? 1 : 0;
                    break;
                case JsonTokenType.StartObject:
                    (isMedia[reader.CurrentDepth], isPart[reader.CurrentDepth]) = (nameIsMedia, nameIsPart);
                    nameIsMedia = nameIsUrl = false;
                    break;
                case JsonTokenType.StartArray:
                    isInContent |= nameIsContent && reader.CurrentDepth == outer + ContentDepth;
                    nameIsMedia = nameIsUrl = nameIsValue = nameIsContent = false;
                    break;
                case JsonTokenType.EndArray when reader.CurrentDepth == outer + ContentDepth:
                    isInContent = false;
                    break;
                case JsonTokenType.String:
                    var checkUrl = nameIsMedia || (nameIsUrl && isMedia[reader.CurrentDepth - 1]);
                    var within = reader.CurrentDepth - outer - ContentDepth;
                    if (isInContent && (within == 2 ? nameIsMedia : within == 3 && nameIsValue && isPart[reader.CurrentDepth - 1]))
                    {
                        cost.MediaBytes += reader.ValueSpan.Length;
                    }

                    nameIsMedia = nameIsUrl = nameIsValue = nameIsContent = false;
                    if (checkUrl && !Allows(ref reader))
                    {
                        return ApiError.InvalidRequest("Media must be passed by value (a data: URL): the host of this URL is not allowed.", code: "media_url_not_allowed");
                    }

                    break;
                case JsonTokenType.EndObject or JsonTokenType.EndArray when reader.CurrentDepth == outer:
                    return null;
                default:
                    nameIsMedia = nameIsUrl = false;
                    break;
            }
        }

        return null;
    }

    private static (bool NamesMedia, bool IsUrl, bool IsPart) Tell(ref Utf8JsonReader reader)
    {
        if (!reader.ValueIsEscaped)
        {
            return Tell(reader.ValueSpan);
        }

        Span<byte> name = stackalloc byte[256];
        return reader.ValueSpan.Length > name.Length ? default : Tell(name[..reader.CopyString(name)]);
    }

    private static (bool NamesMedia, bool IsUrl, bool IsPart) Tell(ReadOnlySpan<byte> name)
    {
        var namesMedia = name.EndsWith("_url"u8) || name.SequenceEqual("source"u8);
        return (namesMedia, name.SequenceEqual("url"u8), namesMedia || name.SequenceEqual("input_audio"u8) || name.SequenceEqual("image_embeds"u8));
    }

    private bool Allows(ref Utf8JsonReader reader)
    {
        if (!reader.ValueIsEscaped && reader.ValueSpan.StartsWith("data:"u8))
        {
            return true;
        }

        const int MaxUrlLength = 8192;
        if (reader.ValueSpan.Length > MaxUrlLength)
        {
            return reader.ValueIsEscaped && reader.GetString()!.StartsWith("data:", StringComparison.Ordinal);
        }

        var url = reader.ValueIsEscaped ? reader.GetString()! : Encoding.UTF8.GetString(reader.ValueSpan);
        return url.StartsWith("data:", StringComparison.Ordinal)
            || (Uri.TryCreate(url, UriKind.Absolute, out var uri) && uri.Scheme is "https" or "http" && _hosts.Contains(uri.Host) && uri.UserInfo.Length == 0);
    }
}
