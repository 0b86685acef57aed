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
    private const string ActsName = "aiinfra:audit:acts";
    private const string DenialsName = "aiinfra:audit:denials";

    // Of denials the newest are kept: anybody can cause them. What administrators did is never taken away.
    private const int DenialsKept = 100_000;

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

    public Task WriteActAsync(string line) => Database.ListRightPushAsync(ActsName, line);

    public Task WriteDenialAsync(string line) => Task.WhenAll(
        Database.ListRightPushAsync(DenialsName, line),
        Database.ListTrimAsync(DenialsName, -DenialsKept, -1));

    /// <summary>The newest lines of each kind, oldest first.</summary>
    public async Task<List<string>> AuditAsync(int last)
    {
        var (acts, denials) = (Database.ListRangeAsync(ActsName, -last, -1), Database.ListRangeAsync(DenialsName, -last, -1));
        return [.. (await acts).Concat(await denials).Select(line => (string)line!)];
    }

    private async Task AnnounceAsync()
    {
        await Database.StringIncrementAsync(EpochName);
        await redis.Connection.GetSubscriber().PublishAsync(Changed, "");
    }

    private static ApiKeyRecord Read(RedisValue value) => JsonSerializer.Deserialize((string)value!, ApiKeyJson.Default.ApiKeyRecord)!;
}
