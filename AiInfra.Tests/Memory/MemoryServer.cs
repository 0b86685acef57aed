using System.Net.Http.Headers;
using AiInfra.Tests.Fixtures;
using ModelContextProtocol.Client;

namespace AiInfra.Tests.Memory;

/// <summary>The memory service as a process of its own, on a data folder that outlives it.</summary>
internal sealed class MemoryServer : IAsyncDisposable
{
    private readonly TestIssuer _issuer;

    private MemoryServer(TestIssuer issuer, ServerProcess process, Uri address)
    {
        _issuer = issuer;
        Process = process;
        Address = address;
    }

    public ServerProcess Process { get; }

    public Uri Address { get; }

    public static async Task<MemoryServer> StartAsync(
        TestIssuer issuer, string dataFolder, int? chromaPort, CancellationToken cancellationToken, params (string Name, string Value)[] settings)
    {
        var address = new Uri($"http://127.0.0.1:{FreePorts.Next()}");
        var environment = new Dictionary<string, string>
        {
            ["ASPNETCORE_URLS"] = address.ToString(),
            ["Memory__DataFolder"] = dataFolder,
            ["Embeddings__ModelFolder"] = RepositoryPaths.Models("all-minilm-l6-v2"),
            ["services__gateway__internal__0"] = issuer.Address,
            ["Indexing__RetryDelay"] = "00:00:00.2",
            ["Indexing__CheckInterval"] = "00:00:01",
        };
        if (chromaPort is { } port)
        {
            environment["ConnectionStrings__chroma"] = $"Endpoint=http://127.0.0.1:{port}";
        }

        foreach (var (name, value) in settings)
        {
            environment[name] = value;
        }

        // Its own folder: the tests' lies full of other services' settings.
        var folder = Path.GetDirectoryName(RepositoryPaths.Assembly("AiInfra.MemoryService"))!;
        var process = await ServerProcess.StartProjectAsync("AiInfra.MemoryService", ["--contentRoot", folder], environment, new Uri(address, "alive"), cancellationToken);
        return new MemoryServer(issuer, process, address);
    }

    /// <summary>A client that calls as this user.</summary>
    public HttpClient Client(string user = "ann", string tenant = "acme", string? token = null)
    {
        var client = new HttpClient { BaseAddress = Address };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token ?? _issuer.Token(tenant, user));
        return client;
    }

    public Task<McpClient> McpClientAsync(CancellationToken cancellationToken, string user = "ann", string tenant = "acme", string? token = null) =>
        McpClient.CreateAsync(
            new HttpClientTransport(new HttpClientTransportOptions
            {
                Endpoint = new Uri(Address, "mcp"),
                TransportMode = HttpTransportMode.StreamableHttp,
                AdditionalHeaders = new Dictionary<string, string> { ["Authorization"] = $"Bearer {token ?? _issuer.Token(tenant, user)}" },
            }),
            cancellationToken: cancellationToken);

    public async Task<string> HealthAsync(CancellationToken cancellationToken)
    {
        using var client = new HttpClient();
        return await client.GetStringAsync(new Uri(Address, "health"), cancellationToken);
    }

    public ValueTask DisposeAsync() => Process.DisposeAsync();
}
