using AiInfra.MemoryService.Embeddings;
using AiInfra.MemoryService.Memories;
using AiInfra.MemoryService.Search;
using AiInfra.MemoryService.Storage;

namespace AiInfra.Bench.Memory;

/// <summary>Compares the first ten of the search as it is with the first ten when every term is worked out for every memory.</summary>
internal static class FastPath
{
    private const int Depth = 10;

    /// <returns>The share of the exhaustive first ten that the fast path has, 0 to 1.</returns>
    public static async Task<double> OverlapAsync(string folder, IReadOnlyList<string> questions, CancellationToken cancellationToken)
    {
        var model = ModelFiles.Verified(null);
        var pieces = new WordPieces(Path.Combine(model, "vocab.txt"));
        using var generator = new MiniLmEmbeddingGenerator(Path.Combine(model, "model.onnx"), pieces, 1);
        await using var databases = new TenantDatabases(Microsoft.Extensions.Options.Options.Create(new StorageOptions { DataFolder = Path.Combine(folder, "memory") }));
        var index = new ScopeIndex();
        using (var connection = databases.Of(PreparedMemories.Tenant).OpenReader())
        {
            foreach (var memory in MemoryRows.ReadForIndex(connection, PreparedMemories.User))
            {
                index.Apply(new IndexChange(memory.Sequence, memory));
            }
        }

        var found = 0;
        foreach (var text in questions)
        {
            var embedding = ContextualEmbedding.Of((await generator.GenerateAsync([text], null, cancellationToken))[0]);
            var question = Question.Of(text, embedding, index, pieces, _ => []);
            var fast = Ids(ScopeSearcher.LateInteractionCandidates);
            found += Ids(int.MaxValue).Count(fast.Contains);

            HashSet<long> Ids(int candidates) =>
                [.. ScopeSearcher.Search(index, question, SearchWeights.Default, Admission.Everything, Depth, DateTimeOffset.UnixEpoch, candidates).Select(hit => hit.Sequence)];
        }

        return (double)found / (questions.Count * Depth);
    }
}
