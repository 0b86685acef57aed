using System.Diagnostics;
using AiInfra.Tests.Fixtures;
using StackExchange.Redis;

namespace AiInfra.Tests.Limits;

/// <summary>A real redis-server on a free loopback port with the platform's settings: every write on disk before it is acknowledged.</summary>
public sealed class RedisServer : IAsyncLifetime
{
    private readonly int _port = FreePorts.Next();
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("aiinfra-redis-");
    private Process? _process;

    public string ConnectionString => $"127.0.0.1:{_port},abortConnect=false,connectTimeout=1000,asyncTimeout=1000";

    public IConnectionMultiplexer Connection { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Start();
        Connection = await ConnectionMultiplexer.ConnectAsync(ConnectionString + ",allowAdmin=true");
        await WaitUntilItAnswersAsync();
    }

    /// <summary>Starts the server again on the same port and data.</summary>
    public void Start() => _process = Process.Start(new ProcessStartInfo("redis-server")
    {
        ArgumentList =
        {
            "--port", $"{_port}", "--bind", "127.0.0.1", "--dir", _folder.FullName, "--appendonly", "yes", "--appendfsync", "always",
            "--maxmemory-policy", "noeviction", "--save", "",
        },
        RedirectStandardOutput = true,
    });

    /// <summary>Ends it as a power cut would.</summary>
    public void Kill()
    {
        _process!.Kill();
        _process.WaitForExit();
    }

    public async Task WaitUntilItAnswersAsync()
    {
        for (var attempt = 0; attempt < 300; attempt++)
        {
            try
            {
                await Connection.GetDatabase().PingAsync();
                return;
            }
            catch (Exception problem) when (problem is RedisException or TimeoutException)
            {
                await Task.Delay(50);
            }
        }

        throw new InvalidOperationException("redis-server does not answer.");
    }

    public async ValueTask DisposeAsync()
    {
        await Connection.DisposeAsync();
        Kill();
        _folder.Delete(recursive: true);
    }
}

[CollectionDefinition(Name)]
public sealed class RedisGroup : ICollectionFixture<RedisServer>
{
    public const string Name = "Redis";
}
