using AiInfra.MemoryService.Embeddings;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.Options;

namespace Microsoft.Extensions.DependencyInjection;

internal static class EmbeddingExtensions
{
    private const long QueryBytes = 2048;

    /// <summary>The embedded model behind <see cref="IEmbeddingGenerator{TInput, TEmbedding}"/>.</summary>
    public static void AddEmbeddings(this WebApplicationBuilder builder)
    {
        builder.Services.AddOptionsWithValidateOnStart<EmbeddingOptions, EmbeddingOptionsValidator>().BindConfiguration(EmbeddingOptions.Section);
        builder.Services.AddSingleton(services =>
            new WordPieces(Path.Combine(ModelFiles.Verified(services.GetRequiredService<IOptions<EmbeddingOptions>>().Value.ModelFolder), "vocab.txt")));
        builder.Services.AddSingleton<IEmbeddingGenerator<string, Embedding<float>>>(services =>
        {
            var options = services.GetRequiredService<IOptions<EmbeddingOptions>>().Value;
            var model = Path.Combine(ModelFiles.Verified(options.ModelFolder), "model.onnx");
            return new MiniLmEmbeddingGenerator(model, services.GetRequiredService<WordPieces>(), options.Parallelism);
        });
        builder.Services.AddQueryCache();
        builder.Services.AddSingleton<MemoryEmbedder>();
    }

    /// <summary>Embedded questions: a share of this process's memory, and Redis behind it where <c>ConnectionStrings:redis</c> names one.</summary>
    public static void AddQueryCache(this IServiceCollection services)
    {
        services.AddOptions<MemoryCacheOptions>().Configure<IOptions<EmbeddingOptions>>((cache, options) => cache.SizeLimit = options.Value.CachedQueries > 0 ? options.Value.CachedQueries * QueryBytes : null);
        services.AddSingleton<SharedQueries>();
        services.AddSingleton<IDistributedCache>(provider => provider.GetRequiredService<SharedQueries>());
        services.AddHybridCache().AddSerializer<ContextualEmbedding, EmbeddingSerializer>();
    }
}
