using System.Net.Http.Headers;
using System.Security.Cryptography;
using AiInfra.Bench.Limits;

namespace AiInfra.Bench.Memory;

/// <summary>A gateway, one simulated replica and the memory service, as processes.</summary>
internal sealed class ChatStage : IDisposable
{
    public const string Model = "bench";

    private const string Key = "sk-bench-0123456789abcdef";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("aiinfra-chat-");
    private readonly List<Server> _servers = [];

    private ChatStage(int publicPort, int replicaPort)
    {
        Client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{publicPort}"), Timeout = TimeSpan.FromMinutes(2) };
        Client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Key);
        Metrics = new Uri($"http://127.0.0.1:{replicaPort}/metrics");
    }

    public HttpClient Client { get; }

    /// <summary>The replica's metrics.</summary>
    public Uri Metrics { get; }

    public static async Task<ChatStage> StartAsync(CancellationToken cancellationToken)
    {
        var (publicPort, inside, admin, replica, memory) = (Server.FreePort(), Server.FreePort(), Server.FreePort(), Server.FreePort(), Server.FreePort());
        var stage = new ChatStage(publicPort, replica);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        await stage.StartAsync(
            Server.Project(
                "AiInfra.LocalVllm", ["serve", Model, "--host", "127.0.0.1", "--port", $"{replica}", "--served-model-name", Model, "--engine", "simulated"],
                new Dictionary<string, string>(), new Uri($"http://127.0.0.1:{replica}/health")),
            cancellationToken);
        await stage.StartAsync(
            Server.Project(
                "AiInfra.Gateway", [],
                new Dictionary<string, string>
                {
                    ["ASPNETCORE_URLS"] = $"http://127.0.0.1:{publicPort}",
                    ["Listeners__Internal__Port"] = $"{inside}",
                    ["Listeners__Admin__Port"] = $"{admin}",
                    ["Logging__LogLevel__Default"] = "Error",
                    ["Gateway__Models__0__Name"] = Model,
                    ["Gateway__Models__0__Service"] = "vllm",
                    ["Gateway__Keys__0__Id"] = "bench",
                    ["Gateway__Keys__0__Key"] = Key,
                    ["services__vllm__http__0"] = $"http://127.0.0.1:{replica}",
                    ["services__memory__http__0"] = $"http://127.0.0.1:{memory}",
                    ["Tokens__SigningKey"] = Convert.ToBase64String(key.ExportPkcs8PrivateKey()),
                    ["Augmentation__Timeout"] = "00:01:00",
                },
                new Uri($"http://localhost:{inside}/health")),
            cancellationToken);
        await stage.StartAsync(
            Server.Project(
                "AiInfra.MemoryService", [],
                new Dictionary<string, string>
                {
                    ["ASPNETCORE_URLS"] = $"http://127.0.0.1:{memory}",
                    ["Memory__DataFolder"] = Path.Combine(stage._folder.FullName, "memory"),
                    ["services__gateway__internal__0"] = $"http://localhost:{inside}",
                    ["Logging__LogLevel__Default"] = "Error",
                },
                new Uri($"http://127.0.0.1:{memory}/alive")),
            cancellationToken);
        return stage;
    }

    public void Dispose()
    {
        Client.Dispose();
        _servers.ForEach(server => server.Dispose());
        _folder.Delete(recursive: true);
    }

    private async Task StartAsync(Server server, CancellationToken cancellationToken)
    {
        _servers.Add(server);
        await server.StartAsync(cancellationToken);
    }
}
