using AiInfra.MemoryService.Access;
using AiInfra.MemoryService.Context;
using AiInfra.MemoryService.Domains;
using AiInfra.MemoryService.Embeddings;
using AiInfra.MemoryService.Export;
using AiInfra.MemoryService.Indexing;
using AiInfra.MemoryService.Knowledge;
using AiInfra.MemoryService.Memories;
using AiInfra.MemoryService.Search;
using AiInfra.MemoryService.Storage;
using AiInfra.MemoryService.Telemetry;
using AiInfra.Tests.Fixtures;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace AiInfra.Tests.Memory;

/// <summary>Store and search without doors, on a folder of its own, with a clock that the test turns.</summary>
internal sealed class InProcessMemory : IAsyncDisposable
{
    private static readonly WordPieces Pieces = new(Path.Combine(RepositoryPaths.Models(ModelFiles.Name), "vocab.txt"));

    private readonly TemporaryFolder _folder = new();
    private readonly ServiceProvider _services;

    public InProcessMemory(Action<StorageOptions>? configure = null, string? redis = null)
    {
        var services = new ServiceCollection();
        services.AddLogging().AddMetrics();
        services.AddSingleton<IConfiguration>(new ConfigurationBuilder().AddInMemoryCollection([new("ConnectionStrings:redis", redis)]).Build());
        services.AddQueryCache();
        services.AddSingleton<TimeProvider>(Time);
        services.Configure<StorageOptions>(options =>
        {
            options.DataFolder = _folder.At("memory");
            configure?.Invoke(options);
        });
        services.AddSingleton<IEmbeddingGenerator<string, Embedding<float>>, WordHashGenerator>();
        services.AddSingleton(Pieces).AddSingleton<DomainTable>();
        services.AddSingleton<MemoryImport>();
        services.AddSingleton<MemoryEmbedder>().AddSingleton<TenantDatabases>().AddSingleton<ScopeIndexes>().AddSingleton<OutboxSignal>();
        services.AddSingleton<IndexStates>().AddSingleton<MemoryMetrics>().AddSingleton<MemoryStore>().AddSingleton<MemorySearch>().AddSingleton<ContextBuilder>().AddSingleton<Keywords>();
        _services = services.BuildServiceProvider();
    }

    public FakeTimeProvider Time { get; } = new(new DateTimeOffset(2026, 11, 24, 12, 0, 0, TimeSpan.Zero));

    public WordHashGenerator Generator => (WordHashGenerator)_services.GetRequiredService<IEmbeddingGenerator<string, Embedding<float>>>();

    public MemoryEmbedder Embedder => _services.GetRequiredService<MemoryEmbedder>();

    public MemoryStore Store => _services.GetRequiredService<MemoryStore>();

    public MemorySearch Search => _services.GetRequiredService<MemorySearch>();

    public Keywords Keywords => _services.GetRequiredService<Keywords>();

    public ScopeIndexes Indexes => _services.GetRequiredService<ScopeIndexes>();

    public ContextBuilder Context => _services.GetRequiredService<ContextBuilder>();

    public TenantDatabases Databases => _services.GetRequiredService<TenantDatabases>();

    public static Caller Caller(string user, string tenant = "acme") => new(tenant, user, $"key-of-{user}");

    public async Task<MemoryRecord> StoreAsync(Caller caller, CreateMemoryRequest request, CancellationToken cancellationToken) =>
        (await Store.StoreAsync(caller, [request], null, cancellationToken)).Memories[0];

    public async ValueTask DisposeAsync()
    {
        await _services.DisposeAsync();
        _folder.Dispose();
    }
}
