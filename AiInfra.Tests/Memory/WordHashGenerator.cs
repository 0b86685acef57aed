using AiInfra.MemoryService.Embeddings;
using AiInfra.MemoryService.Lexicon;
using Microsoft.Extensions.AI;

namespace AiInfra.Tests.Memory;

/// <summary>An embedding model of a few microseconds: each word is a fixed random direction, a text the sum of its words.</summary>
internal sealed class WordHashGenerator : IEmbeddingGenerator<string, Embedding<float>>
{
    private int _calls;

    public int Calls => _calls;

    public Task<GeneratedEmbeddings<Embedding<float>>> GenerateAsync(
        IEnumerable<string> values, EmbeddingGenerationOptions? options = null, CancellationToken cancellationToken = default)
    {
        Interlocked.Increment(ref _calls);
        return Task.FromResult<GeneratedEmbeddings<Embedding<float>>>([.. values.Select(value => Embed(value).ToEmbedding())]);
    }

    public static ContextualEmbedding Embed(string text)
    {
        var words = Words.Of(text);
        var sentence = new float[384];
        sentence[0] = 0.01f;
        foreach (var word in words)
        {
            var random = new Random(Seed(word));
            for (var d = 0; d < sentence.Length; d++)
            {
                sentence[d] += (float)random.NextDouble() - 0.5f;
            }
        }

        var length = MathF.Sqrt(sentence.Sum(x => x * x));
        return new ContextualEmbedding(
            Array.ConvertAll(sentence, x => x / length),
            new TokenVectors([.. words.Select(word => (ushort)Seed(word))], [.. words.SelectMany(TokenVector)]));
    }

    public object? GetService(Type serviceType, object? serviceKey = null) => null;

    public void Dispose()
    {
    }

    private static IEnumerable<sbyte> TokenVector(string word)
    {
        var random = new Random(Seed(word) + 1);
        return Enumerable.Range(0, TokenVectors.Dimensions).Select(_ => (sbyte)random.Next(-20, 21)).ToArray();
    }

    // Equal in every process, unlike a string's own hash.
    private static int Seed(string word) => word.Aggregate(17, (hash, letter) => ((hash * 31) + letter) & 0x7FFF);
}
