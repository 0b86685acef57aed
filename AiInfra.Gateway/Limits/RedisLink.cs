using StackExchange.Redis;

namespace AiInfra.Gateway.Limits;

/// <summary>
/// The gateway's connection to Redis, the record of keys, policies and budgets: <c>ConnectionStrings:redis</c>. A gateway without one
/// knows configured keys only and can keep no limits.
/// </summary>
internal sealed class RedisLink : IDisposable
{
    public const string Setting = "ConnectionStrings:redis";

    private readonly Lazy<IConnectionMultiplexer?> _connection;

    public RedisLink(IConfiguration configuration)
    {
        var text = configuration[Setting];
        IsConfigured = !string.IsNullOrWhiteSpace(text);
        _connection = new(() => IsConfigured ? Connect(text!) : null);
    }

    public bool IsConfigured { get; }

    /// <exception cref="InvalidOperationException">None is configured.</exception>
    public IConnectionMultiplexer Connection => _connection.Value ?? throw new InvalidOperationException($"{Setting} is not set.");

    public void Dispose()
    {
        if (_connection.IsValueCreated)
        {
            _connection.Value?.Dispose();
        }
    }

    private static ConnectionMultiplexer Connect(string text)
    {
        var settings = ConfigurationOptions.Parse(text);
        settings.AbortOnConnectFail = false;
        settings.ConnectTimeout = 1000;
        settings.AsyncTimeout = 1000;
        settings.ReconnectRetryPolicy = new LinearRetry(250);
        settings.HeartbeatInterval = TimeSpan.FromMilliseconds(500);
        // A command that waits for a server to come back is a request that waits for nothing.
        settings.BacklogPolicy = BacklogPolicy.FailFast;
        return ConnectionMultiplexer.Connect(settings);
    }
}
