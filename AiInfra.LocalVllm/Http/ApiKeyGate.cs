using System.Security.Cryptography;
using System.Text;

namespace AiInfra.LocalVllm.Http;

/// <summary>
/// vLLM's key rule with its holes: only decoded paths that start with the text <c>/v1</c>, <c>/v2</c>, <c>/inference</c> or <c>/cohere</c> ask
/// for a key, <c>OPTIONS</c> never does, and no header but <c>Authorization: Bearer KEY</c> (one space) is looked at.
/// </summary>
internal sealed class ApiKeyGate(IReadOnlyList<string> keys)
{
    private readonly byte[][] _hashes = [.. keys.Select(key => SHA256.HashData(Encoding.UTF8.GetBytes(key)))];

    public bool Allows(HttpRequest request, string path)
    {
        if (_hashes.Length == 0 || request.Method == HttpMethods.Options || !Guarded(path))
        {
            return true;
        }

        var header = request.Headers.Authorization.FirstOrDefault() ?? "";
        var space = header.IndexOf(' ');
        if (space < 0 || !header.AsSpan(0, space).Equals("bearer", StringComparison.OrdinalIgnoreCase))
        {
            return false;
        }

        var given = SHA256.HashData(Encoding.UTF8.GetBytes(header[(space + 1)..]));
        var allowed = false;
        foreach (var hash in _hashes)
        {
            allowed |= CryptographicOperations.FixedTimeEquals(hash, given);
        }

        return allowed;
    }

    private static bool Guarded(string path) =>
        path.StartsWith("/v1", StringComparison.Ordinal)
        || path.StartsWith("/v2", StringComparison.Ordinal)
        || path.StartsWith("/inference", StringComparison.Ordinal)
        || path.StartsWith("/cohere", StringComparison.Ordinal);
}
