namespace AiInfra.Tests.SmolLm2;

/// <summary>One server with the real model for the tests that speak HTTP.</summary>
public sealed class ServerFixture : IAsyncLifetime
{
    private const string Flags =
        "--engine-option threads=1 prefix-cache-mb=64 --served-model-name smollm2 --max-model-len 512 --max-num-seqs 4 "
        + "--enable-prompt-tokens-details --enable-auto-tool-choice --tool-call-parser hermes";

    internal ModelServer Server { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Server = await ModelServer.StartAsync(Flags);

    public async ValueTask DisposeAsync()
    {
        if (Server is { } started)
        {
            await started.DisposeAsync();
        }
    }
}

[CollectionDefinition(nameof(ServerFixture))]
public sealed class ServerGroup : ICollectionFixture<ServerFixture>;
