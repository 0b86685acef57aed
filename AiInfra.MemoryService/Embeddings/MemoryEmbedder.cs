using System.Security.Cryptography;
using System.Text;
using AiInfra.MemoryService.Memories;
using AiInfra.MemoryService.Telemetry;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Caching.Hybrid;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.Options;

namespace AiInfra.MemoryService.Embeddings;

/// <summary>Embeds memories and questions. Questions come again and again: the latest are kept here, and in Redis where there is one.</summary>
internal sealed class MemoryEmbedder
{
    private const HybridCacheEntryFlags OnlyHere =
        HybridCacheEntryFlags.DisableUnderlyingData | HybridCacheEntryFlags.DisableDistributedCache | HybridCacheEntryFlags.DisableLocalCacheWrite;

    private readonly IEmbeddingGenerator<string, Embedding<float>> _generator;
    private readonly HybridCache _questions;
    private readonly IMemoryCache _here;
    private readonly SharedQueries _shared;
    private readonly MemoryMetrics _metrics;
    private readonly HybridCacheEntryOptions _kept;
    private readonly HybridCacheEntryOptions _known;

    public MemoryEmbedder(
        IEmbeddingGenerator<string, Embedding<float>> generator, HybridCache questions, IMemoryCache here, SharedQueries shared, IOptions<EmbeddingOptions> options, MemoryMetrics metrics)
    {
        (_generator, _questions, _here, _shared, _metrics) = (generator, questions, here, shared, metrics);
        var nowhere = options.Value.CachedQueries == 0 ? HybridCacheEntryFlags.DisableLocalCache : HybridCacheEntryFlags.None;
        _kept = new HybridCacheEntryOptions { Expiration = options.Value.QueryLifetime, LocalCacheExpiration = options.Value.QueryLifetime, Flags = nowhere };
        _known = new HybridCacheEntryOptions { Flags = OnlyHere | nowhere };
        Model = (generator.GetService(typeof(EmbeddingGeneratorMetadata)) as EmbeddingGeneratorMetadata)?.DefaultModelId ?? "unknown";
    }

    /// <summary>Id of the model: an embedding of another one cannot be compared.</summary>
    public string Model { get; }

    public async Task<ContextualEmbedding[]> EmbedAsync(IReadOnlyList<MemoryRecord> memories, CancellationToken cancellationToken)
    {
        // Words of a chat are asked for and then stored: one run of the model is enough.
        if (memories is [var single] && await KnownAsync(single.EmbeddingText, cancellationToken) is { } known)
        {
            return [known];
        }

        var start = _metrics.Start();
        var embeddings = await _generator.GenerateAsync(memories.Select(memory => memory.EmbeddingText), null, cancellationToken);
        _metrics.Embedded(start);
        return [.. embeddings.Select(ContextualEmbedding.Of)];
    }

    public ValueTask<ContextualEmbedding> EmbedQueryAsync(string query, CancellationToken cancellationToken) =>
        _questions.GetOrCreateAsync(Key(query), (Embedder: this, query), static (asked, cancelled) => asked.Embedder.RunAsync(asked.query, cancelled), _kept, null, cancellationToken);

    /// <summary>Forgets every question that is kept, here and in Redis.</summary>
    public async Task ForgetQueriesAsync()
    {
        (_here as MemoryCache)?.Clear();
        await _shared.ForgetAsync();
    }

    private async ValueTask<ContextualEmbedding> RunAsync(string query, CancellationToken cancellationToken)
    {
        var start = _metrics.Start();
        var embedding = ContextualEmbedding.Of((await _generator.GenerateAsync([query], null, cancellationToken))[0]);
        _metrics.Embedded(start);
        return embedding;
    }

    private ValueTask<ContextualEmbedding?> KnownAsync(string text, CancellationToken cancellationToken) =>
        _questions.GetOrCreateAsync<ContextualEmbedding?>(Key(text), static _ => ValueTask.FromResult<ContextualEmbedding?>(null), _known, null, cancellationToken);

    // Nobody's words become names in a store.
    private string Key(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{Model}\n{text}")));
}
