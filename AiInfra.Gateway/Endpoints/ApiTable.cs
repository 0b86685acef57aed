using System.Collections.Frozen;

namespace AiInfra.Gateway.Endpoints;

/// <summary>The public API's endpoints by path. Paths are compared as they were sent: no decoding, no case folding, no trailing slash.</summary>
internal sealed class ApiTable
{
    private readonly FrozenDictionary<string, ApiEndpoint>.AlternateLookup<ReadOnlySpan<char>> _exact;
    private readonly ApiEndpoint[] _prefixes;

    public ApiTable(IEnumerable<ApiEndpoint> endpoints)
    {
        var all = endpoints.ToList();
        _exact = all.Where(endpoint => !endpoint.IsPrefix)
            .ToFrozenDictionary(endpoint => endpoint.Path, StringComparer.Ordinal)
            .GetAlternateLookup<ReadOnlySpan<char>>();
        _prefixes = [.. all.Where(endpoint => endpoint.IsPrefix)];
    }

    /// <param name="target">The request target as it was sent: path, and query if any.</param>
    public ApiEndpoint? Find(ReadOnlySpan<char> target)
    {
        var query = target.IndexOf('?');
        var path = query < 0 ? target : target[..query];
        if (_exact.TryGetValue(path, out var endpoint))
        {
            return endpoint;
        }

        foreach (var prefix in _prefixes)
        {
            if (path.Length > prefix.Path.Length && path.StartsWith(prefix.Path, StringComparison.Ordinal) && IsPlain(path[prefix.Path.Length..]))
            {
                return prefix;
            }
        }

        return null;
    }

    // Names and ids only: nothing encoded, no empty segment, none that climbs. What passes here means the same to every server behind.
    private static bool IsPlain(ReadOnlySpan<char> rest)
    {
        foreach (var range in rest.Split('/'))
        {
            var segment = rest[range];
            if (segment.IsEmpty || segment is "." or ".." || segment.ContainsAnyExcept(PlainCharacters))
            {
                return false;
            }
        }

        return true;
    }

    private static readonly System.Buffers.SearchValues<char> PlainCharacters =
        System.Buffers.SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~:");
}
