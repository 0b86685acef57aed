using Microsoft.Extensions.AI;
using Microsoft.ML.OnnxRuntime;

namespace AiInfra.MemoryService.Embeddings;

/// <summary>MiniLM in process: one run gives the sentence vector and the token vectors.</summary>
internal sealed class MiniLmEmbeddingGenerator : IEmbeddingGenerator<string, Embedding<float>>
{
    /// <summary>Length of a sentence vector.</summary>
    public const int Dimensions = 384;

    private static readonly string[] Inputs = ["input_ids", "attention_mask"];
    private static readonly string[] Outputs = ["sentence_embedding", "token_vectors"];

    private readonly InferenceSession _session;
    private readonly WordPieces _pieces;
    private readonly SemaphoreSlim _runs;
    private readonly EmbeddingGeneratorMetadata _metadata = new("onnx", null, ModelFiles.Name, Dimensions);

    public MiniLmEmbeddingGenerator(string modelFile, WordPieces pieces, int parallelism)
    {
        // One thread a text: texts are short, so several texts side by side use a machine better than several threads on one
        // text, and threads that spin while they wait would take the processor from everything else.
        using var options = new Microsoft.ML.OnnxRuntime.SessionOptions { IntraOpNumThreads = 1, InterOpNumThreads = 1 };
        options.AddSessionConfigEntry("session.intra_op.allow_spinning", "0");
        _session = new InferenceSession(modelFile, options);
        _pieces = pieces;
        _runs = new SemaphoreSlim(parallelism);
    }

    public async Task<GeneratedEmbeddings<Embedding<float>>> GenerateAsync(
        IEnumerable<string> values, EmbeddingGenerationOptions? options = null, CancellationToken cancellationToken = default)
    {
        var texts = values as IReadOnlyList<string> ?? [.. values];
        var embeddings = new Embedding<float>[texts.Count];
        // Texts of a batch would be padded to the longest one; side by side none pays for another.
        await Parallel.ForAsync(0, texts.Count, cancellationToken, async (i, cancelled) =>
        {
            await _runs.WaitAsync(cancelled);
            try
            {
                embeddings[i] = Embed(texts[i]).ToEmbedding();
            }
            finally
            {
                _runs.Release();
            }
        });

        return [.. embeddings];
    }

    public object? GetService(Type serviceType, object? serviceKey = null) =>
        serviceKey is not null ? null
        : serviceType == typeof(EmbeddingGeneratorMetadata) ? _metadata
        : serviceType.IsInstanceOfType(this) ? this
        : null;

    public void Dispose()
    {
        _session.Dispose();
        _runs.Dispose();
    }

    /// <summary>The model's raw answer for one text: sentence vector and one vector per piece (float[pieces × 64]).</summary>
    internal (long[] Ids, float[] Sentence, float[] Tokens) Run(string text)
    {
        var ids = _pieces.Encode(text);
        var mask = new long[ids.Length];
        Array.Fill(mask, 1);
        long[] shape = [1, ids.Length];
        using var idTensor = OrtValue.CreateTensorValueFromMemory(ids, shape);
        using var maskTensor = OrtValue.CreateTensorValueFromMemory(mask, shape);
        using var run = new RunOptions();
        using var results = _session.Run(run, Inputs, [idTensor, maskTensor], Outputs);
        return (ids, results[0].GetTensorDataAsSpan<float>().ToArray(), results[1].GetTensorDataAsSpan<float>().ToArray());
    }

    private ContextualEmbedding Embed(string text)
    {
        var (ids, sentence, tokens) = Run(text);
        var kept = Array.FindAll([.. Enumerable.Range(0, ids.Length)], i => _pieces.IsMeaningful(ids[i]));
        var values = new sbyte[kept.Length * TokenVectors.Dimensions];
        for (var k = 0; k < kept.Length; k++)
        {
            for (var d = 0; d < TokenVectors.Dimensions; d++)
            {
                var value = tokens[(kept[k] * TokenVectors.Dimensions) + d];
                values[(k * TokenVectors.Dimensions) + d] = (sbyte)Math.Clamp(MathF.Round(127 * value), -127, 127);
            }
        }

        return new ContextualEmbedding(sentence, new TokenVectors(Array.ConvertAll(kept, i => (ushort)ids[i]), values));
    }
}
