using AiInfra.Tests.Fixtures;

namespace AiInfra.Tests.Memory;

/// <summary>Issuer, Chroma and memory service, shared by the tests that do not break them.</summary>
public sealed class MemoryPlatform : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private ServerProcess? _chroma;

    internal TestIssuer Issuer { get; private set; } = null!;

    internal MemoryServer Memory { get; private set; } = null!;

    internal int ChromaPort { get; } = FreePorts.Next();

    internal string DataFolder => _folder.At("memory");

    public async ValueTask InitializeAsync()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(3));
        Issuer = await TestIssuer.StartAsync(limit.Token);
        _chroma = await ChromaServer.StartAsync(_folder.At("chroma"), ChromaPort, limit.Token);
        Memory = await MemoryServer.StartAsync(
            Issuer, DataFolder, ChromaPort, limit.Token,
            ("Domains__Defined__lenient__Warn", "true"), ("Domains__Defined__lenient__Fields__speaker__Required", "true"));
    }

    public async ValueTask DisposeAsync()
    {
        await Memory.DisposeAsync();
        if (_chroma is not null)
        {
            await _chroma.DisposeAsync();
        }

        await Issuer.DisposeAsync();
        _folder.Dispose();
    }
}

[CollectionDefinition(Name)]
public sealed class MemoryPlatformTests : ICollectionFixture<MemoryPlatform>
{
    public const string Name = "memory platform";
}
