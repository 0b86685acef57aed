using AiInfra.MemoryService.Chroma;

namespace Microsoft.Extensions.DependencyInjection;

internal static class ChromaExtensions
{
    /// <summary>
    /// Registers <see cref="ChromaClientSettings"/>, <see cref="ChromaClient"/> and its health check. Precedence, last wins: section
    /// <c>Chroma</c>, section <c>Chroma:NAME</c>, connection string.
    /// </summary>
    public static void AddChromaClient(this WebApplicationBuilder builder, string connectionName)
    {
        var settings = new ChromaClientSettings();
        builder.Configuration.GetSection(ChromaClientSettings.Section).Bind(settings);
        builder.Configuration.GetSection($"{ChromaClientSettings.Section}:{connectionName}").Bind(settings);
        if (builder.Configuration.GetConnectionString(connectionName) is { Length: > 0 } connectionString)
        {
            settings.ParseConnectionString(connectionName, connectionString);
        }

        settings.Validate();
        builder.Services.AddSingleton(settings);
        // The indexer has its own patience: an error must reach it, not be repeated under its hands.
#pragma warning disable EXTEXP0001 // RemoveAllResilienceHandlers is experimental; there is no other way out of the defaults.
        builder.Services.AddHttpClient<ChromaClient>(http =>
        {
            http.BaseAddress = settings.Endpoint ?? throw new InvalidOperationException(
                $"Chroma has no address: ConnectionStrings:{connectionName}, {ChromaClientSettings.Section}:{connectionName}:Endpoint and {ChromaClientSettings.Section}:Endpoint are all empty.");
            http.Timeout = settings.Timeout;
        }).RemoveAllResilienceHandlers();
#pragma warning restore EXTEXP0001
        if (!settings.DisableHealthChecks)
        {
            builder.Services.AddHealthChecks().AddCheck<ChromaHealthCheck>("chroma");
        }
    }
}
