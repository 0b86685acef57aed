using System.Security.Cryptography;
using System.Text;
using AiInfra.Gateway.Models;

namespace AiInfra.Gateway.Tenants;

/// <summary>
/// The API keys, in memory as a keyed hash each. The hash's own key is drawn at every start, so a dump of the hashes cannot be
/// searched for weak keys elsewhere.
/// </summary>
internal sealed class ApiKeys : IDisposable
{
    private const int MaxKeyLength = 256;

    private readonly byte[] _hashKey = RandomNumberGenerator.GetBytes(32);
    private readonly IDisposable _changes;
    private volatile Entry[] _entries;

    public ApiKeys(GatewayConfiguration configuration)
    {
        _entries = Hash(configuration.Current);
        _changes = configuration.OnChange(changed => _entries = Hash(changed));
    }

    /// <summary>The caller of a key in <c>Authorization: Bearer</c>, <c>x-api-key</c> or <c>api-key</c>; null when none of the keys fits.</summary>
    public Caller? Find(IHeaderDictionary headers)
    {
        var presented = Presented(headers);
        if (presented.IsEmpty || presented.Length > MaxKeyLength)
        {
            return null;
        }

        Span<byte> bytes = stackalloc byte[MaxKeyLength * 3];
        Span<byte> hash = stackalloc byte[HMACSHA256.HashSizeInBytes];
        var length = Encoding.UTF8.GetBytes(presented, bytes);
        HMACSHA256.HashData(_hashKey, bytes[..length], hash);
        bytes.Clear();

        Caller? found = null;
        // Every entry is compared, in constant time: how long it takes says nothing about which came close.
        foreach (var entry in _entries)
        {
            if (CryptographicOperations.FixedTimeEquals(entry.Hash, hash))
            {
                found = entry.Caller;
            }
        }

        return found;
    }

    public void Dispose() => _changes.Dispose();

    private static ReadOnlySpan<char> Presented(IHeaderDictionary headers)
    {
        const string Scheme = "Bearer ";
        if (headers.Authorization is { Count: > 0 } authorization)
        {
            return authorization.Count == 1 && authorization[0] is { } value && value.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)
                ? value.AsSpan(Scheme.Length)
                : default;
        }

        // Where Anthropic's and Azure's clients put it.
        var other = headers["x-api-key"] is { Count: > 0 } anthropic ? anthropic : headers["api-key"];
        return other.Count == 1 ? other[0] : default;
    }

    private Entry[] Hash(GatewayOptions options)
    {
        var salts = new Dictionary<string, CacheSalt>(StringComparer.Ordinal);
        var entries = new List<Entry>(options.Keys.Count);
        foreach (var key in options.Keys)
        {
            if (!salts.TryGetValue(key.Tenant, out var salt))
            {
                salts[key.Tenant] = salt = new CacheSalt(key.Tenant);
            }

            entries.Add(new Entry(HMACSHA256.HashData(_hashKey, Encoding.UTF8.GetBytes(key.Key)), new Caller(key.Id, key.Tenant, key.User ?? key.Id)
            {
                MayUseEngineFields = key.AllowEngineFields,
                MaySeeRoute = key.AllowRouteReceipt,
                Priority = key.Priority,
                Salt = options.ShareCacheBetweenTenants ? null : salt,
            }));
        }

        return [.. entries];
    }

    private sealed record Entry(byte[] Hash, Caller Caller);
}
