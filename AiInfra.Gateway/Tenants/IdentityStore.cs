using System.Text.Json;
using AiInfra.Gateway.Limits;
using StackExchange.Redis;

namespace AiInfra.Gateway.Tenants;

/// <summary>
/// Keys, policies and audit as Redis holds them. Every change raises an epoch and is announced; a gateway that misses the
/// announcement sees the epoch half a second later.
/// </summary>
internal sealed class IdentityStore(RedisLink redis)
{
    private const string KeysName = "aiinfra:keys";
    private const string PoliciesName = "aiinfra:policies";
    private const string EpochName = "aiinfra:identity-epoch";
    private const string AuditName = "aiinfra:audit";
    private const int AuditKept = 100_000;

    public static RedisChannel Changed { get; } = RedisChannel.Literal("aiinfra:identity-changed");

    public bool IsConfigured => redis.IsConfigured;

    private IDatabase Database => redis.Connection.GetDatabase();

    public async Task<long> EpochAsync() => (long)await Database.StringGetAsync(EpochName);

    public async Task<List<ApiKeyRecord>> KeysAsync() =>
        [.. (await Database.HashGetAllAsync(KeysName)).Select(entry => Read(entry.Value))];

    public async Task<ApiKeyRecord?> KeyAsync(string id) =>
        await Database.HashGetAsync(KeysName, id) is { HasValue: true } value ? Read(value) : null;

    public async Task<string?> PoliciesAsync() => await Database.StringGetAsync(PoliciesName);

    public async Task WriteKeyAsync(ApiKeyRecord record)
    {
        await Database.HashSetAsync(KeysName, record.Id, JsonSerializer.Serialize(record, ApiKeyJson.Default.ApiKeyRecord));
        await AnnounceAsync();
    }

    /// <summary>Stores a document of policies if the stored one is still the one that it replaces.</summary>
    /// <returns>False when somebody else was faster.</returns>
    public async Task<bool> WritePoliciesAsync(string text, string? replaced)
    {
        var change = Database.CreateTransaction();
        change.AddCondition(replaced is null ? Condition.KeyNotExists(PoliciesName) : Condition.StringEqual(PoliciesName, replaced));
        _ = change.StringSetAsync(PoliciesName, text);
        if (!await change.ExecuteAsync())
        {
            return false;
        }

        await AnnounceAsync();
        return true;
    }

    public Task AuditAsync(string line) => Task.WhenAll(
        Database.ListRightPushAsync(AuditName, line),
        Database.ListTrimAsync(AuditName, -AuditKept, -1));

    public async Task<List<string>> AuditAsync(int last) =>
        [.. (await Database.ListRangeAsync(AuditName, -last, -1)).Select(line => (string)line!)];

    private async Task AnnounceAsync()
    {
        await Database.StringIncrementAsync(EpochName);
        await redis.Connection.GetSubscriber().PublishAsync(Changed, "");
    }

    private static ApiKeyRecord Read(RedisValue value) => JsonSerializer.Deserialize((string)value!, ApiKeyJson.Default.ApiKeyRecord)!;
}
