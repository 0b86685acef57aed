using AiInfra.MemoryService.Indexing;

namespace Microsoft.Extensions.DependencyInjection;

internal static class IndexingExtensions
{
    /// <summary>The outbox and the worker that empties it into Chroma.</summary>
    public static void AddIndexing(this WebApplicationBuilder builder)
    {
        builder.Services.AddOptionsWithValidateOnStart<IndexingOptions, IndexingOptionsValidator>().BindConfiguration(IndexingOptions.Section);
        builder.Services.AddSingleton<OutboxSignal>();
        builder.Services.AddSingleton<IndexStates>();
        builder.Services.AddHostedService<IndexWorker>();
    }
}
