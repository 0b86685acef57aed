using AiInfra.MemoryService.Chroma;
using AiInfra.MemoryService.Indexing;
using AiInfra.Tests.Fixtures;

namespace AiInfra.Tests.Memory;

/// <summary>An issuer, a Chroma that can be killed, and a folder for the memory service.</summary>
internal sealed class ChromaStage : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly int _chromaPort = FreePorts.Next();
    private readonly HttpClient _http = new();
    private ServerProcess? _chroma;
    private TestIssuer? _issuer;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public ChromaClient Chroma { get; private set; } = null!;

    public static async Task<ChromaStage> StartAsync()
    {
        var stage = new ChromaStage { _issuer = await TestIssuer.StartAsync(Cancelled) };
        stage._http.BaseAddress = new Uri($"http://127.0.0.1:{stage._chromaPort}");
        stage.Chroma = new ChromaClient(stage._http);
        await stage.StartChromaAsync();
        return stage;
    }

    public async Task StartChromaAsync() => _chroma = await ChromaServer.StartAsync(_folder.At("chroma"), _chromaPort, Cancelled);

    public Task KillChromaAsync() => _chroma!.KillAsync();

    public string ChromaFolder => _folder.At("chroma");

    public Task<MemoryServer> StartMemoryAsync(params (string Name, string Value)[] settings) =>
        MemoryServer.StartAsync(_issuer!, _folder.At("memory"), _chromaPort, Cancelled, settings);

    /// <summary>Vectors in the collection; -1 while nobody can tell.</summary>
    public async Task<int> CountAsync()
    {
        try
        {
            return await Chroma.CountAsync((await CollectionAsync()).Id, Cancelled);
        }
        catch (Exception problem) when (problem is ChromaException or HttpRequestException)
        {
            return -1;
        }
    }

    public Task<ChromaCollection> CollectionAsync() => Chroma.EnsureAsync(IndexWorker.CollectionName("acme"), 384, 20_000, Cancelled);

    public async Task<float[]?> StoredAsync(string id)
    {
        try
        {
            return (await Chroma.GetAsync((await CollectionAsync()).Id, [id], Cancelled)).GetValueOrDefault(id);
        }
        catch (ChromaException)
        {
            // Gone between the two calls (404), being deleted (412), or empty: the npm server answers 500 for the vectors of a
            // collection that never had one.
            return null;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_chroma is not null)
        {
            await _chroma.DisposeAsync();
        }

        await _issuer!.DisposeAsync();
        _http.Dispose();
        _folder.Dispose();
    }
}
