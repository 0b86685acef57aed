using System.Globalization;
using System.Text.RegularExpressions;
using StackExchange.Redis;

namespace AiInfra.Bench.Limits;

/// <summary>Redis, two simulated replicas and two gateways as processes, with one limit over one tenant.</summary>
internal sealed partial class Platform : IDisposable
{
    public const string Key = "sk-bench-0123456789abcdef";
    public const string AdminKey = "admin-0123456789abcdef";

    private const string Meters = "aiinfra:{bench}:meter:tenant:tokens:*";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("aiinfra-limits-");
    private readonly List<int> _replicaPorts = [];
    private readonly List<Server> _servers = [];
    private readonly int _redisPort = Server.FreePort();

    private Platform()
    {
    }

    public Server Redis { get; private set; } = null!;

    public List<Server> Gateways { get; } = [];

    public List<Uri> Addresses { get; } = [];

    public List<Uri> Admins { get; } = [];

    public static async Task<Platform> StartAsync(string limit, long tokens, CancellationToken cancellationToken)
    {
        var platform = new Platform();
        platform.Redis = platform.Add(new Server(
            "redis-server",
            ["--port", $"{platform._redisPort}", "--bind", "127.0.0.1", "--dir", platform._folder.FullName, "--appendonly", "yes",
                "--appendfsync", "always", "--maxmemory-policy", "noeviction", "--save", ""],
            new Dictionary<string, string>(),
            null));
        await platform.Redis.StartAsync(cancellationToken);
        for (var i = 0; i < 2; i++)
        {
            var port = Server.FreePort();
            platform._replicaPorts.Add(port);
            await platform.Add(Server.Project(
                "AiInfra.LocalVllm",
                ["serve", "bench", "--host", "127.0.0.1", "--port", $"{port}", "--served-model-name", "bench", "--engine", "simulated"],
                new Dictionary<string, string>(),
                new Uri($"http://127.0.0.1:{port}/health"))).StartAsync(cancellationToken);
        }

        for (var i = 0; i < 2; i++)
        {
            var gateway = platform.Add(platform.Gateway(limit, tokens));
            platform.Gateways.Add(gateway);
            await gateway.StartAsync(cancellationToken);
        }

        return platform;
    }

    /// <summary>Prompt and completion tokens that the replicas have counted.</summary>
    public async Task<long> ProducedAsync(CancellationToken cancellationToken)
    {
        using var client = new HttpClient();
        var produced = 0.0;
        foreach (var port in _replicaPorts)
        {
            var page = await client.GetStringAsync(new Uri($"http://127.0.0.1:{port}/metrics"), cancellationToken);
            produced += Counter().Matches(page).Sum(match => double.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture));
        }

        return (long)produced;
    }

    /// <summary>What the books and the budget's meter have, once they agree that all is settled.</summary>
    public async Task<(long Charged, long Booked, long Uncounted, long Requests, long Held)> BooksAsync(CancellationToken cancellationToken)
    {
        await using var redis = await ConnectionMultiplexer.ConnectAsync($"127.0.0.1:{_redisPort}");
        var database = redis.GetDatabase();
        var last = (0L, 0L, 0L, 0L, 0L);
        for (var quiet = 0; quiet < 4;)
        {
            await Task.Delay(1000, cancellationToken);
            var (charged, held) = (0L, 0L);
            foreach (var key in redis.GetServers()[0].Keys(pattern: Meters))
            {
                foreach (var part in await database.HashGetAllAsync(key))
                {
                    // version, granted, used, occupied
                    var meter = ((string)part.Value!).Split(',').Select(figure => long.Parse(figure, CultureInfo.InvariantCulture)).ToArray();
                    charged += meter[2];
                    held += meter[3] - meter[2];
                }
            }

            var figures = new long[7];
            foreach (var key in redis.GetServers()[0].Keys(pattern: "aiinfra:{bench}:usage:*"))
            {
                foreach (var entry in await database.HashGetAllAsync(key))
                {
                    figures[int.Parse(((string)entry.Name!)[^1..], CultureInfo.InvariantCulture)] += (long)entry.Value;
                }
            }

            var now = (charged, figures[1] + figures[3] + figures[4], figures[4], figures[0], held);
            quiet = now == last ? quiet + 1 : 0;
            last = now;
        }

        return last;
    }

    public void Dispose()
    {
        foreach (var server in _servers)
        {
            server.Dispose();
        }

        _folder.Delete(recursive: true);
    }

    private Server Add(Server server)
    {
        _servers.Add(server);
        return server;
    }

    private Server Gateway(string limit, long tokens)
    {
        var (port, inside, admin) = (Server.FreePort(), Server.FreePort(), Server.FreePort());
        Addresses.Add(new Uri($"http://127.0.0.1:{port}"));
        Admins.Add(new Uri($"http://localhost:{admin}"));
        var environment = new Dictionary<string, string>
        {
            ["ASPNETCORE_URLS"] = $"http://127.0.0.1:{port}",
            ["Listeners__Internal__Port"] = $"{inside}",
            ["Listeners__Admin__Port"] = $"{admin}",
            ["Admin__Key"] = AdminKey,
            ["Keys__Pepper"] = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
            ["Logging__LogLevel__Default"] = "Error",
            ["Gateway__Models__0__Name"] = "bench",
            ["Gateway__Models__0__Service"] = "vllm",
            ["Gateway__Keys__0__Id"] = "bench",
            ["Gateway__Keys__0__Key"] = Key,
            ["Gateway__Keys__0__Tenant"] = "bench",
            ["ConnectionStrings__redis"] = $"127.0.0.1:{_redisPort}",
            ["Limits__JournalFolder"] = Path.Combine(_folder.FullName, "journals"),
            ["Access__Policies__default__Endpoints__0"] = "*",
            ["Access__Policies__default__Models__0"] = "*",
            ["Access__Policies__default__WhenStoreIsAway"] = "local",
            ["Access__Policies__default__Limits__0__Per"] = "tenant",
            [$"Access__Policies__default__Limits__0__{limit}"] = tokens.ToString(CultureInfo.InvariantCulture),
        };
        for (var i = 0; i < _replicaPorts.Count; i++)
        {
            environment[$"services__vllm__http__{i}"] = $"http://127.0.0.1:{_replicaPorts[i]}";
        }

        return Server.Project("AiInfra.Gateway", [], environment, new Uri($"http://localhost:{inside}/health"));
    }

    [GeneratedRegex(@"^vllm:(?:prompt_tokens|generation_tokens)_total\{[^}]*\} ([0-9.eE+]+)", RegexOptions.Multiline)]
    private static partial Regex Counter();
}
