using System.Collections.Frozen;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using AiInfra.Gateway.Models;

namespace AiInfra.Gateway.Tenants;

/// <summary>
/// The API keys in memory, configured and issued, by keyed hash. Looking a hash up tells an attacker nothing: without the pepper he
/// cannot choose it, and the whole of it is compared in constant time.
/// </summary>
internal sealed class ApiKeys : IDisposable
{
    private readonly CacheSalts _salts;
    private readonly KeyHasher _hasher;
    private readonly TimeProvider _time;
    private readonly IDisposable _changes;
    private readonly Lock _lock = new();
    private Entry[] _configured;
    private Entry[] _issued = [];
    private volatile FrozenDictionary<UInt128, Entry> _entries;

    public ApiKeys(GatewayConfiguration configuration, CacheSalts salts, KeyHasher hasher, TimeProvider time)
    {
        (_salts, _hasher, _time) = (salts, hasher, time);
        _configured = Read(configuration.Current);
        _entries = Index(_configured);
        _changes = configuration.OnChange(changed => Swap(() => _configured = Read(changed)));
    }

    /// <summary>The caller of a key in <c>Authorization: Bearer</c>, <c>x-api-key</c> or <c>api-key</c>; null when none of the keys fits.</summary>
    public FoundKey? Find(ReadOnlySpan<char> presented)
    {
        if (presented.IsEmpty || presented.Length > KeyHasher.MaxKeyLength)
        {
            return null;
        }

        Span<byte> hash = stackalloc byte[HMACSHA256.HashSizeInBytes];
        _hasher.Hash(presented, hash);
        return _entries.TryGetValue(MemoryMarshal.Read<UInt128>(hash), out var entry)
            && CryptographicOperations.FixedTimeEquals(entry.Hash, hash)
            && entry.LivesAt(_time.GetUtcNow())
                ? entry.Found
                : null;
    }

    /// <summary>The caller of a key's public id, for <c>explain</c>.</summary>
    public Caller? FindById(string id) => _entries.Values.FirstOrDefault(entry => entry.Id == id)?.Found.Caller;

    /// <summary>The caller that a line of rotations counts as, as long as one of its keys lives.</summary>
    public Caller? FindByAccount(string account) =>
        _entries.Values.FirstOrDefault(entry => entry.Found.Caller.KeyId == account && entry.LivesAt(_time.GetUtcNow()))?.Found.Caller;

    /// <summary>Takes over the issued keys as they stand in Redis; revoked ones are gone from here on.</summary>
    public void TakeIssued(IEnumerable<ApiKeyRecord> records)
    {
        var issued = records.Where(record => record.RevokedAt is null).Select(record => new Entry(
            record.Id, Convert.FromBase64String(record.Hash), record.ExpiresAt,
            new FoundKey(new Caller(record.Account, record.Tenant, record.User, record.Policy) { Salt = _salts.Of(record.Tenant) }, IsIssued: true))).ToArray();
        Swap(() => _issued = issued);
    }

    /// <summary>
    /// Per tenant the next moment at which somebody loses access: keys that a successor has already replaced do not count, and those that
    /// have expired are over.
    /// </summary>
    public IEnumerable<(string Tenant, DateTimeOffset End)> NextExpiries() =>
        from account in _issued.GroupBy(entry => entry.Found.Caller.KeyId)
        where account.All(entry => entry.ExpiresAt is not null)
        let caller = account.First().Found.Caller
        let end = account.Max(entry => entry.ExpiresAt!.Value)
        where end > _time.GetUtcNow()
        group end by caller.Tenant into tenant
        select (tenant.Key, tenant.Min());

    public void Dispose() => _changes.Dispose();

    /// <summary>The key in the headers: where OpenAI's clients put it, or Anthropic's, or Azure's.</summary>
    public static ReadOnlySpan<char> Presented(IHeaderDictionary headers)
    {
        const string Scheme = "Bearer ";
        if (headers.Authorization is { Count: > 0 } authorization)
        {
            return authorization.Count == 1 && authorization[0] is { } value && value.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)
                ? value.AsSpan(Scheme.Length)
                : default;
        }

        var other = headers["x-api-key"] is { Count: > 0 } anthropic ? anthropic : headers["api-key"];
        return other.Count == 1 ? other[0] : default;
    }

    private void Swap(Action change)
    {
        lock (_lock)
        {
            change();
            _entries = Index([.. _issued, .. _configured]);
        }
    }

    private static FrozenDictionary<UInt128, Entry> Index(IEnumerable<Entry> entries) =>
        entries.DistinctBy(entry => entry.Start).ToFrozenDictionary(entry => entry.Start);

    private Entry[] Read(GatewayOptions options) =>
    [
        .. options.Keys.Select(key => new Entry(
            key.Id,
            _hasher.Hash(key.Key),
            null,
            new FoundKey(
                new Caller(key.Id, key.Tenant, key.User ?? key.Id, key.Policy)
                {
                    MayUseEngineFields = key.AllowEngineFields,
                    MaySeeRoute = key.AllowRouteReceipt,
                    Priority = key.Priority,
                    Salt = _salts.Of(key.Tenant),
                },
                IsIssued: false))),
    ];

    private sealed record Entry(string Id, byte[] Hash, DateTimeOffset? ExpiresAt, FoundKey Found)
    {
        public UInt128 Start { get; } = MemoryMarshal.Read<UInt128>(Hash);

        public bool LivesAt(DateTimeOffset now) => !(ExpiresAt <= now);
    }
}

/// <summary>A key that fits.</summary>
/// <param name="Caller">Whom it stands for.</param>
/// <param name="IsIssued">True when Redis is its record, and may have revoked it meanwhile; false when configuration is.</param>
internal sealed record FoundKey(Caller Caller, bool IsIssued);
