using AiInfra.MemoryService.Embeddings;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Options;

namespace Microsoft.Extensions.DependencyInjection;

internal static class EmbeddingExtensions
{
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
        builder.Services.AddSingleton<MemoryEmbedder>();
    }
}
