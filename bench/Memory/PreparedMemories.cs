using System.Diagnostics;
using System.Globalization;
using AiInfra.MemoryService.Embeddings;
using AiInfra.MemoryService.Indexing;
using AiInfra.MemoryService.Memories;
using AiInfra.MemoryService.Storage;

namespace AiInfra.Bench.Memory;

/// <summary>
/// A tenant's file with many memories, written as the service writes it but with vectors made from those of a few hundred sentences: a
/// model would need an hour for a hundred thousand. Kept (<see cref="KeptFolder"/>) and used again.
/// </summary>
internal static class PreparedMemories
{
    public const string Tenant = "bench";
    public const string User = "many";

    private const int Sentences = 600;
    private const int TurnsOfSession = 20;
    private const int PerTransaction = 2000;
    private const float Noise = 0.35f;

    /// <summary>The data folder with so many memories; made when it is not there.</summary>
    /// <returns>The folder, and how many were written a second (0 when they were there).</returns>
    public static async Task<(string Folder, double WritesPerSecond)> EnsureAsync(int count, CancellationToken cancellationToken)
    {
        var folder = KeptFolder.At(string.Create(CultureInfo.InvariantCulture, $"memories-{count}"));
        var done = Path.Combine(folder, "done");
        if (File.Exists(done))
        {
            return (folder, 0);
        }

        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }

        var model = ModelFiles.Verified(null);
        var pieces = new WordPieces(Path.Combine(model, "vocab.txt"));
        using var generator = new MiniLmEmbeddingGenerator(Path.Combine(model, "model.onnx"), pieces, Environment.ProcessorCount);
        var random = new Random(count);
        var texts = Enumerable.Range(0, Sentences).Select(_ => SyntheticText.Sentence(random)).ToList();
        var embeddings = (await generator.GenerateAsync(texts, null, cancellationToken)).Select(ContextualEmbedding.Of).ToList();
        var clock = Stopwatch.StartNew();
        await WriteAsync(Path.Combine(folder, "memory"), count, texts, embeddings, random, cancellationToken);
        await File.WriteAllTextAsync(done, "", cancellationToken);
        return (folder, count / clock.Elapsed.TotalSeconds);
    }

    private static async Task WriteAsync(string data, int count, List<string> texts, List<ContextualEmbedding> embeddings, Random random, CancellationToken cancellationToken)
    {
        await using var databases = new TenantDatabases(Microsoft.Extensions.Options.Options.Create(new StorageOptions { DataFolder = data }));
        var start = new DateTimeOffset(2025, 1, 1, 0, 0, 0, TimeSpan.Zero);
        for (var first = 0; first < count; first += PerTransaction)
        {
            var from = first;
            await databases.Of(Tenant).WriteAsync(
                connection =>
                {
                    for (var i = from; i < Math.Min(count, from + PerTransaction); i++)
                    {
                        var sentence = random.Next(texts.Count);
                        var memory = New(i, texts[sentence], start, random);
                        MemoryRows.Insert(connection, memory, Varied(embeddings[sentence], embeddings[random.Next(embeddings.Count)]), ModelFiles.Name);
                        HistoryRows.Add(connection, memory, HistoryRows.Created, "bench", memory.CreatedAt);
                        OutboxRows.Add(connection, memory.Id, OutboxRows.Upsert);
                    }

                    return 0;
                },
                null,
                cancellationToken);
        }
    }

    private static MemoryRecord New(int i, string text, DateTimeOffset start, Random random)
    {
        var at = start.AddMinutes(i * 3);
        return new MemoryRecord
        {
            Id = MemoryRecord.NewId(at),
            User = User,
            Text = $"{text} {SyntheticText.Detail(random, i)}",
            CreatedAt = at,
            UpdatedAt = at,
            Attributes = new MemoryAttributes
            {
                SessionId = string.Create(CultureInfo.InvariantCulture, $"s{i / TurnsOfSession}"),
                Speaker = SyntheticText.Person(random),
                Timestamp = at,
                Writer = "bench",
                // One in fifty of another domain, one in a hundred of each label: what the filters ask for.
                Domain = i % 50 == 7 ? "code" : "general",
                Tags = [string.Create(CultureInfo.InvariantCulture, $"p{i % 100}")],
            },
        };
    }

    private static ContextualEmbedding Varied(ContextualEmbedding of, ContextualEmbedding other)
    {
        var vector = new float[of.Vector.Length];
        for (var d = 0; d < vector.Length; d++)
        {
            vector[d] = of.Vector.Span[d] + (Noise * other.Vector.Span[d]);
        }

        var length = MathF.Sqrt(vector.Sum(x => x * x));
        return new ContextualEmbedding(Array.ConvertAll(vector, x => x / length), of.Tokens);
    }
}
