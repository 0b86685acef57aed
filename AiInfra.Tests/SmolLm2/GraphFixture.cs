using AiInfra.LocalVllm.SmolLm2;

namespace AiInfra.Tests.SmolLm2;

/// <summary>One opened graph for the tests that run it directly.</summary>
public sealed class GraphFixture : IDisposable
{
    private const string Sentence =
        "The ferry leaves the harbour every morning at seven, and whoever comes late waits on the pier with the gulls until noon. ";

    internal DecoderGraph Graph { get; } = new(ModelFiles.Folder, threads: 1);

    internal float[] Logits { get; } = new float[ModelFiles.Tokenizer.VocabularySize];

    /// <summary>Some hundred tokens of English.</summary>
    internal int[] Prose { get; } = ModelFiles.Tokenizer.Encode(string.Concat(Enumerable.Repeat(Sentence, 10)));

    public void Dispose() => Graph.Dispose();

    internal KeyValueSlots Slots() => new(Graph.Shape, maxRows: 4, maxTokens: 8192);
}

[CollectionDefinition(nameof(GraphFixture))]
public sealed class GraphGroup : ICollectionFixture<GraphFixture>;
