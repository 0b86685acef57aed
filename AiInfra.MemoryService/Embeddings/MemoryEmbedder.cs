using AiInfra.MemoryService.Memories;
using AiInfra.MemoryService.Telemetry;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Options;

namespace AiInfra.MemoryService.Embeddings;

/// <summary>Embeds memories and questions. Questions come again and again: the latest are kept.</summary>
internal sealed class MemoryEmbedder(IEmbeddingGenerator<string, Embedding<float>> generator, IOptions<EmbeddingOptions> options, MemoryMetrics metrics)
{
    private readonly Dictionary<string, LinkedListNode<(string Text, ContextualEmbedding Embedding)>> _kept = new(StringComparer.Ordinal);
    private readonly LinkedList<(string Text, ContextualEmbedding Embedding)> _latestFirst = [];
    private readonly Lock _lock = new();

    /// <summary>Id of the model: an embedding of another one cannot be compared.</summary>
    public string Model { get; } = (generator.GetService(typeof(EmbeddingGeneratorMetadata)) as EmbeddingGeneratorMetadata)?.DefaultModelId ?? "unknown";

    public async Task<ContextualEmbedding[]> EmbedAsync(IReadOnlyList<MemoryRecord> memories, CancellationToken cancellationToken)
    {
        // Words of a chat are asked for and then stored: one run of the model is enough.
        if (memories is [var single] && Find(single.EmbeddingText) is { } known)
        {
            return [known];
        }

        var start = metrics.Start();
        var embeddings = await generator.GenerateAsync(memories.Select(memory => memory.EmbeddingText), null, cancellationToken);
        metrics.Embedded(start);
        return [.. embeddings.Select(ContextualEmbedding.Of)];
    }

    public async Task<ContextualEmbedding> EmbedQueryAsync(string query, CancellationToken cancellationToken)
    {
        if (Find(query) is { } known)
        {
            return known;
        }

        var start = metrics.Start();
        var embedding = ContextualEmbedding.Of((await generator.GenerateAsync([query], null, cancellationToken))[0]);
        metrics.Embedded(start);
        Keep(query, embedding);
        return embedding;
    }

    /// <summary>Forgets every question that is kept.</summary>
    public void ForgetQueries()
    {
        lock (_lock)
        {
            _kept.Clear();
            _latestFirst.Clear();
        }
    }

    private ContextualEmbedding? Find(string query)
    {
        lock (_lock)
        {
            if (!_kept.TryGetValue(query, out var node))
            {
                return null;
            }

            _latestFirst.Remove(node);
            _latestFirst.AddFirst(node);
            return node.Value.Embedding;
        }
    }

    private void Keep(string query, ContextualEmbedding embedding)
    {
        lock (_lock)
        {
            if (options.Value.CachedQueries == 0 || _kept.ContainsKey(query))
            {
                return;
            }

            _kept[query] = _latestFirst.AddFirst((query, embedding));
            if (_kept.Count > options.Value.CachedQueries && _latestFirst.Last is { } oldest)
            {
                _kept.Remove(oldest.Value.Text);
                _latestFirst.RemoveLast();
            }
        }
    }
}
