using System.Text.Json;
using AiInfra.MemoryService.Embeddings;
using AiInfra.Tests.Fixtures;

namespace AiInfra.Tests.Memory;

public sealed class EmbeddingParityTests
{
    private static readonly string Folder = RepositoryPaths.Models(ModelFiles.Name);

    [Fact]
    public void Ids_and_vectors_equal_the_reference()
    {
        using var parity = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Folder, "parity.json")));
        using var generator = new MiniLmEmbeddingGenerator(Path.Combine(Folder, "model.onnx"), new WordPieces(Path.Combine(Folder, "vocab.txt")), 1);

        Assert.All(parity.RootElement.GetProperty("texts").EnumerateArray(), expected =>
        {
            var (ids, sentence, tokens) = generator.Run(expected.GetProperty("text").GetString()!);
            Assert.Equal(expected.GetProperty("input_ids").EnumerateArray().Select(id => id.GetInt64()), ids);
            Close(expected.GetProperty("sentence_embedding_first8"), sentence);
            Close(expected.GetProperty("token_vector_last_first8"), tokens.AsSpan(tokens.Length - TokenVectors.Dimensions).ToArray());
            Assert.Equal(1, Math.Sqrt(sentence.Sum(x => (double)x * x)), 4);
        });

        static void Close(JsonElement expected, float[] actual) => Assert.All(
            expected.EnumerateArray().Select((value, i) => Math.Abs(value.GetDouble() - actual[i])), difference => Assert.InRange(difference, 0, 1e-4));
    }

    [Fact]
    public async Task The_generator_gives_token_vectors_only_for_pieces_that_carry_meaning()
    {
        var pieces = new WordPieces(Path.Combine(Folder, "vocab.txt"));
        using var generator = new MiniLmEmbeddingGenerator(Path.Combine(Folder, "model.onnx"), pieces, 1);
        var embeddings = await generator.GenerateAsync(["What did the engineer decide about the cache?", ""], null, TestContext.Current.CancellationToken);

        var tokens = ContextualEmbedding.Of(embeddings[0]).Tokens;
        Assert.Equal([.. "engineer decide about cache".Split(' ').SelectMany(pieces.EncodeWord).Select(piece => (ushort)piece)], tokens.Pieces);
        var stored = TokenVectors.FromBytes(tokens.ToBytes());
        Assert.Equal(tokens.Pieces, stored.Pieces);
        Assert.Equal(tokens.Values, stored.Values);
        Assert.Equal(0, ContextualEmbedding.Of(embeddings[1]).Tokens.Count);
    }

    [Fact]
    public void A_damaged_model_is_refused_by_name()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder.At("model"));
        File.WriteAllText(Path.Combine(folder.At("model"), "model.onnx"), "not a model");

        var problem = Assert.Throws<InvalidOperationException>(() => ModelFiles.Verified(folder.At("model")));
        Assert.Contains("Embeddings:ModelFolder", problem.Message, StringComparison.Ordinal);
    }
}
