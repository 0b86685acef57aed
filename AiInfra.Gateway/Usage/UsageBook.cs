using System.Globalization;
using AiInfra.Gateway.Limits;
using StackExchange.Redis;

namespace AiInfra.Gateway.Usage;

/// <summary>
/// The books: figures per tenant, day, key, user and model. They are added up here and carried to the store once a second, each batch
/// under the number of its last record, so that a batch counts once however often it is sent.
/// </summary>
internal sealed class UsageBook(RedisLink redis, TimeProvider time)
{
    /// <summary>Adds a batch unless it is there already. KEYS: applied, days; ARGV: gateway, serial, then day's index, field, amount.</summary>
    private const string AddScript = """
        local before = tonumber(redis.call('HGET', KEYS[1], ARGV[1]) or '0')
        if before >= tonumber(ARGV[2]) then return 0 end
        for i = 3, #ARGV, 3 do
          redis.call('HINCRBY', KEYS[tonumber(ARGV[i])], ARGV[i + 1], ARGV[i + 2])
        end
        redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
        return 1
        """;

    public static IReadOnlyList<string> Columns { get; } =
        ["requests", "prompt_tokens", "cached_tokens", "completion_tokens", "uncounted_tokens", "money", "milliseconds"];

    private readonly Lock _lock = new();
    private readonly Dictionary<string, Batch> _pending = [];
    private readonly Dictionary<string, Batch> _sending = [];
    private long _serial;
    private volatile Day _day = new(default, "");

    /// <summary>Adds a record.</summary>
    /// <returns>The same for the journal.</returns>
    public JournalUsage Add(UsageRecord usage)
    {
        var day = Today();
        lock (_lock)
        {
            var record = new JournalUsage(++_serial, usage.Tenant, day, usage.Who, usage.Figures);
            if (!redis.IsConfigured)
            {
                // Nobody will ever fetch it.
                return record;
            }

            if (!_pending.TryGetValue(usage.Tenant, out var batch))
            {
                _pending[usage.Tenant] = batch = new Batch();
            }

            batch.Add(record);
            return record;
        }
    }

    /// <summary>How the books name a call of now.</summary>
    public ReservedFor NameOf(UsageRecord usage, long tokens) => new(Today(), usage.Who, tokens);

    /// <summary>Carries what is pending to the store; a batch whose answer was lost goes again as it was.</summary>
    /// <returns>What the store has now, as tenant and serial.</returns>
    public async Task<List<(string Tenant, long Serial)>> FlushAsync(string gateway)
    {
        if (!redis.IsConfigured)
        {
            return [];
        }

        lock (_lock)
        {
            foreach (var (tenant, batch) in _pending)
            {
                if (_sending.TryAdd(tenant, batch))
                {
                    _pending.Remove(tenant);
                }
            }
        }

        var done = new List<(string, long)>();
        foreach (var (tenant, batch) in _sending.ToList())
        {
            await SendAsync(gateway, tenant, batch);
            _sending.Remove(tenant);
            done.Add((tenant, batch.Serial));
        }

        return done;
    }

    /// <summary>Adds what the journal of an earlier life holds beyond what the store has of it.</summary>
    public async Task ReplayAsync(string gateway, IReadOnlyList<JournalUsage> records)
    {
        foreach (var ofTenant in records.GroupBy(record => record.Tenant))
        {
            var applied = (long)await redis.Connection.GetDatabase().HashGetAsync(StoreKeys.Applied(ofTenant.Key), gateway);
            var batch = new Batch();
            foreach (var record in ofTenant.Where(record => record.Serial > applied))
            {
                batch.Add(record);
            }

            if (batch.Serial > 0)
            {
                await SendAsync(gateway, ofTenant.Key, batch);
            }
        }
    }

    /// <summary>One day of a tenant's books as the store has them.</summary>
    public async Task<List<UsageRow>> ReadAsync(string tenant, DateOnly day)
    {
        var date = day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
        var rows = new Dictionary<string, long[]>(StringComparer.Ordinal);
        foreach (var entry in await redis.Connection.GetDatabase().HashGetAllAsync(StoreKeys.Usage(tenant, date)))
        {
            var field = (string)entry.Name!;
            var cut = field.LastIndexOf('|');
            if (!rows.TryGetValue(field[..cut], out var figures))
            {
                rows[field[..cut]] = figures = new long[Columns.Count];
            }

            figures[int.Parse(field[(cut + 1)..], CultureInfo.InvariantCulture)] = (long)entry.Value;
        }

        return [.. rows.OrderBy(row => row.Key, StringComparer.Ordinal).Select(row => UsageRow.Of(tenant, date, row.Key, row.Value))];
    }

    private async Task SendAsync(string gateway, string tenant, Batch batch)
    {
        var days = batch.Sums.Keys.Select(sum => sum.Day).Distinct().ToList();
        RedisKey[] keys = [StoreKeys.Applied(tenant), .. days.Select(day => (RedisKey)StoreKeys.Usage(tenant, day))];
        var values = new List<RedisValue> { gateway, batch.Serial };
        foreach (var ((day, who), figures) in batch.Sums)
        {
            for (var i = 0; i < figures.Length; i++)
            {
                if (figures[i] != 0)
                {
                    values.AddRange([days.IndexOf(day) + 2, $"{who}|{i}", figures[i]]);
                }
            }
        }

        await redis.Connection.GetDatabase().ScriptEvaluateAsync(AddScript, keys, [.. values]);
    }

    // Written anew once a day.
    private string Today()
    {
        var today = DateOnly.FromDateTime(time.GetUtcNow().UtcDateTime);
        var known = _day;
        if (known.Date != today)
        {
            _day = known = new Day(today, today.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture));
        }

        return known.Name;
    }

    private sealed record Day(DateOnly Date, string Name);

    private sealed class Batch
    {
        public long Serial { get; private set; }

        public Dictionary<(string Day, string Who), long[]> Sums { get; } = [];

        public void Add(JournalUsage record)
        {
            Serial = record.Serial;
            if (!Sums.TryGetValue((record.Day, record.Who), out var figures))
            {
                Sums[(record.Day, record.Who)] = figures = new long[Columns.Count];
            }

            for (var i = 0; i < figures.Length; i++)
            {
                figures[i] += record.Figures[i];
            }
        }
    }
}
