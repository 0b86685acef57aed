using System.Buffers;
using Microsoft.Extensions.Caching.Distributed;
using StackExchange.Redis;

namespace AiInfra.MemoryService.Embeddings;

/// <summary>
/// Embedded questions in Redis, behind those that the service holds itself: <c>ConnectionStrings:redis</c>. They outlive a restart. It
/// is a help and nothing more: a Redis that is away, slow or broken is left alone for a while, and no question waits or fails for it.
/// </summary>
internal sealed partial class SharedQueries : IBufferDistributedCache, IDisposable
{
    private const string Prefix = "memory:query:";
    private const int DeletedAtOnce = 1000;

    // Longer than Redis ever takes, and hardly longer than the model does.
    private const int PatienceMilliseconds = 100;

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(5);

    // Of an entry that names none, such as the cache's own.
    private static readonly TimeSpan QueryLife = TimeSpan.FromDays(1);

    private readonly TimeProvider _time;
    private readonly ILogger<SharedQueries> _logger;
    private readonly Task<ConnectionMultiplexer>? _connecting;
    private long _pausedUntil;

    public SharedQueries(IConfiguration configuration, TimeProvider time, ILogger<SharedQueries> logger)
    {
        _time = time;
        _logger = logger;
        if (configuration.GetConnectionString("redis") is { Length: > 0 } text)
        {
            var settings = ConfigurationOptions.Parse(text);
            settings.AbortOnConnectFail = false;
            settings.ConnectTimeout = 1000;
            settings.AsyncTimeout = PatienceMilliseconds;
            settings.BacklogPolicy = BacklogPolicy.FailFast;
            // Begun now and waited for by nobody: until it is there, there is no Redis.
            _connecting = ConnectionMultiplexer.ConnectAsync(settings);
        }
    }

    public async ValueTask<bool> TryGetAsync(string key, IBufferWriter<byte> destination, CancellationToken token = default)
    {
        if (await GetAsync(key, token) is not { } value)
        {
            return false;
        }

        destination.Write(value);
        return true;
    }

    public async Task<byte[]?> GetAsync(string key, CancellationToken token = default) =>
        (byte[]?)await AskAsync(redis => redis.GetDatabase().StringGetAsync(Prefix + key), RedisValue.Null);

    public async ValueTask SetAsync(string key, ReadOnlySequence<byte> value, DistributedCacheEntryOptions options, CancellationToken token = default) =>
        await SetAsync(key, value.ToArray(), options, token);

    public Task SetAsync(string key, byte[] value, DistributedCacheEntryOptions options, CancellationToken token = default) =>
        AskAsync(redis => redis.GetDatabase().StringSetAsync(Prefix + key, value, options.AbsoluteExpirationRelativeToNow ?? QueryLife), false);

    public Task RemoveAsync(string key, CancellationToken token = default) => AskAsync(redis => redis.GetDatabase().KeyDeleteAsync(Prefix + key), false);

    public Task RefreshAsync(string key, CancellationToken token = default) => Task.CompletedTask;

    /// <summary>Deletes every question. Where Redis is away, they go by the end of their time.</summary>
    public Task ForgetAsync() => AskAsync(
        async redis =>
        {
            foreach (var server in redis.GetServers().Where(server => server is { IsConnected: true, IsReplica: false }))
            {
                await foreach (var keys in server.KeysAsync(pattern: $"{Prefix}*", pageSize: DeletedAtOnce).Chunk(DeletedAtOnce))
                {
                    await redis.GetDatabase().KeyDeleteAsync(keys);
                }
            }

            return true;
        },
        false);

    // Of the interface; the cache in front asks without blocking.
    byte[]? IDistributedCache.Get(string key) => throw new NotSupportedException();

    bool IBufferDistributedCache.TryGet(string key, IBufferWriter<byte> destination) => throw new NotSupportedException();

    void IDistributedCache.Set(string key, byte[] value, DistributedCacheEntryOptions options) => throw new NotSupportedException();

    void IBufferDistributedCache.Set(string key, ReadOnlySequence<byte> value, DistributedCacheEntryOptions options) => throw new NotSupportedException();

    void IDistributedCache.Refresh(string key) => throw new NotSupportedException();

    void IDistributedCache.Remove(string key) => throw new NotSupportedException();

    public void Dispose()
    {
        if (_connecting is { IsCompletedSuccessfully: true } connected)
        {
            connected.Result.Dispose();
        }
    }

    private async Task<T> AskAsync<T>(Func<ConnectionMultiplexer, Task<T>> ask, T otherwise)
    {
        if (_connecting is not { IsCompletedSuccessfully: true } || _time.GetTimestamp() < Interlocked.Read(ref _pausedUntil))
        {
            return otherwise;
        }

        try
        {
            return await ask(await _connecting);
        }
        catch (Exception problem) when (problem is RedisException or RedisTimeoutException)
        {
            Interlocked.Exchange(ref _pausedUntil, _time.GetTimestamp() + (long)(Pause.TotalSeconds * _time.TimestampFrequency));
            RedisAway(problem.GetType().Name, Pause.TotalSeconds);
            return otherwise;
        }
    }

    [LoggerMessage(LogLevel.Warning, "Redis does not answer ({Problem}): questions are embedded without it for {Seconds} s")]
    private partial void RedisAway(string problem, double seconds);
}
