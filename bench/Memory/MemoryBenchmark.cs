using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using AiInfra.Bench.Crash;
using AiInfra.Bench.Running;
using AiInfra.MemoryService.Embeddings;
using AiInfra.MemoryService.Storage;

namespace AiInfra.Bench.Memory;

/// <summary>How fast memories are found and stored as they grow in number, beside Chroma alone.</summary>
internal sealed class MemoryBenchmark : IBenchmark
{
    /// <summary>Numbers of memories, separated by commas, in place of the usual ones.</summary>
    public const string SizesVariable = "AIINFRA_BENCH_SIZES";

    private const int Questions = 200;
    private const int WarmUp = 100;
    private const int Writes = 100;
    private const int Barred = 100_000;
    private const int MostWithMetadata = 10_000;

    private static readonly object OnePercent = new { tagsAny = new[] { "p7" } };
    private static readonly object NinetyEightPercent = new { domain = "general" };

    public string Name => "memory";

    public string Summary => $"search and store latency at 10k and 100k memories (--full: 300k too), filters, 8 clients, index lag, start-up, memory, beside raw Chroma; some minutes to load at the first run, kept in artifacts/bench (or ${KeptFolder.Variable}), then 2 min";

    public async Task<BenchReport> RunAsync(BenchArguments arguments, CancellationToken cancellationToken)
    {
        var sizes = Environment.GetEnvironmentVariable(SizesVariable) is { Length: > 0 } list
            ? list.Split(',').Select(size => int.Parse(size, CultureInfo.InvariantCulture))
            : arguments.Full ? [10_000, 100_000, 300_000] : [10_000, 100_000];
        await using var tokens = await ServiceTokens.StartAsync(cancellationToken);
        var chroma = (await ChromaCommand.FindAsync(arguments, cancellationToken))[0];
        var (rows, bars) = (new List<BenchRow>(), new List<BenchBar>());
        foreach (var size in sizes)
        {
            await MeasureAsync(size, tokens, chroma, rows, bars, cancellationToken);
        }

        return new BenchReport(Name, rows, bars)
        {
            Notes =
            [
                $"{Questions} questions, each new to the service, after {WarmUp} others; milliseconds at the client; {Environment.ProcessorCount} processors, which 8 clients share.",
                "\"without embedding\": the same questions again, whose vectors are kept. Raw Chroma gets ready vectors, and gives ids and distances only.",
            ],
        };
    }

    private static async Task MeasureAsync(
        int size, ServiceTokens tokens, ChromaCommand command, List<BenchRow> rows, List<BenchBar> bars, CancellationToken cancellationToken)
    {
        var label = size % 1000 == 0 ? $"{size / 1000}k" : $"{size}";
        var (folder, loaded) = await PreparedMemories.EnsureAsync(size, cancellationToken);
        await using var chroma = new ChromaProcess(command, Path.Combine(folder, "chroma"));
        await chroma.StartAsync(cancellationToken);
        var starting = Stopwatch.StartNew();
        await using var memory = await MemoryProcess.StartOnAsync(
            tokens, folder, cancellationToken, ("ConnectionStrings__chroma", $"Endpoint={chroma.Address}"), ("Chroma__Timeout", "00:10:00"));
        var startSeconds = starting.Elapsed.TotalSeconds;
        using var client = memory.Client(PreparedMemories.User, PreparedMemories.Tenant);
        starting.Restart();
        await client.SearchAsync("What was the first question?", Rankings.Default, 10, cancellationToken);
        var firstSeconds = starting.Elapsed.TotalSeconds;
        starting.Restart();
        await WaitForIndexAsync(chroma, size, cancellationToken);
        var indexSeconds = starting.Elapsed.TotalSeconds;
        using var http = new HttpClient { BaseAddress = chroma.Address, Timeout = TimeSpan.FromMinutes(5) };
        var raw = new RawChroma(http);
        // Its filters need metadata, which the service's collection lacks: a second collection where that does not take minutes.
        var hasMetadata = size <= MostWithMetadata;
        var rawLoad = hasMetadata ? await raw.FillAsync(Vectors(folder), size, cancellationToken) : 0;
        if (!hasMetadata)
        {
            await raw.UseServicesAsync(cancellationToken);
        }

        var random = new Random(size);
        // A service that has just started still compiles its code: what it does every day is measured.
        await Search(client, [.. Fresh().Take(WarmUp)], 1, null, cancellationToken);
        var asked = Fresh();
        var one = await Search(client, asked, 1, null, cancellationToken);
        var again = await Search(client, asked, 1, null, cancellationToken);
        var onePercent = await Search(client, asked, 1, OnePercent, cancellationToken);
        var most = await Search(client, asked, 1, NinetyEightPercent, cancellationToken);
        var eight = await Search(client, Fresh(), 8, null, cancellationToken);
        Add(rows, $"{label}: search, 1 client", one);
        Add(rows, $"{label}: without embedding", again);
        Add(rows, $"{label}: filter of 1 %, without embedding", onePercent);
        Add(rows, $"{label}: filter of 98 %, without embedding", most);
        Add(rows, $"{label}: search, 8 clients", eight);

        var vectors = await EmbedAsync(asked, cancellationToken);
        await Latencies.MeasureAsync(vectors.Take(20).ToList(), 1, vector => raw.QueryAsync(vector, null, cancellationToken));
        Add(rows, $"{label}: raw Chroma", await Latencies.MeasureAsync(vectors, 1, vector => raw.QueryAsync(vector, null, cancellationToken)));
        if (hasMetadata)
        {
            Add(rows, $"{label}: raw Chroma, filter of 1 %", await Latencies.MeasureAsync(vectors.Take(50).ToList(), 1, vector => raw.QueryAsync(vector, new { p = 7 }, cancellationToken)));
            Add(rows, $"{label}: raw Chroma, filter of 98 %", await Latencies.MeasureAsync(vectors.Take(50).ToList(), 1, vector => raw.QueryAsync(vector, new { domain = "general" }, cancellationToken)));
        }

        var writing = Stopwatch.StartNew();
        var stored = await Latencies.MeasureAsync(Enumerable.Range(0, Writes).ToList(), 8, async i =>
        {
            using var response = await client.PostAsJsonAsync("v1/memories", new { text = $"{SyntheticText.Sentence(new Random(i))} Written {i}." }, cancellationToken);
            response.EnsureSuccessStatusCode();
        });
        var writesPerSecond = Writes / writing.Elapsed.TotalSeconds;
        writing.Restart();
        await WaitForIndexAsync(chroma, size + Writes, cancellationToken);
        var lag = writing.Elapsed.TotalSeconds;
        Add(rows, $"{label}: store, 8 clients, embedding included", stored);
        rows.Add(new BenchRow($"{label}: service", new Dictionary<string, double>
        {
            ["stores/s"] = writesPerSecond,
            ["loaded/s"] = loaded,
            ["index lag s"] = lag,
            ["index fill s"] = indexSeconds,
            ["start s"] = startSeconds,
            ["first search s"] = firstSeconds,
            ["MiB"] = memory.ResidentMiB,
        }));
        rows.Add(new BenchRow($"{label}: Chroma", new Dictionary<string, double> { ["loaded/s"] = rawLoad, ["MiB"] = chroma.ResidentMiB }));
        await DeleteWrittenAsync(client, cancellationToken);
        await WaitForIndexAsync(chroma, size, cancellationToken);

        bars.Add(BenchBar.AtMost($"{label}: filter of 1 % against none, p50 ratio", onePercent.P50 / again.P50, 2));
        bars.Add(BenchBar.AtMost($"{label}: filter of 98 % against none, p50 ratio", most.P50 / again.P50, 2));
        if (size == Barred)
        {
            bars.Add(BenchBar.AtMost($"{label}: search p50 ms", one.P50, 25));
            bars.Add(BenchBar.AtMost($"{label}: search p99 ms", one.P99, 100));
        }

        bars.Add(BenchBar.AtLeast($"{label}: first ten as exhaustive, %", 100 * await FastPath.OverlapAsync(folder, asked, cancellationToken), 98));

        List<string> Fresh() => [.. Enumerable.Range(0, Questions).Select(_ => SyntheticText.Question(random))];
    }

    private static Task<Latencies> Search(HttpClient client, IReadOnlyList<string> questions, int clients, object? filter, CancellationToken cancellationToken) =>
        Latencies.MeasureAsync(questions, clients, async question =>
        {
            using var response = await client.PostAsJsonAsync("v1/memories/search", new { query = question, limit = 10, filter }, cancellationToken);
            response.EnsureSuccessStatusCode();
            await response.Content.ReadAsByteArrayAsync(cancellationToken);
        });

    private static void Add(List<BenchRow> rows, string label, Latencies latencies) =>
        rows.Add(new BenchRow(label, new Dictionary<string, double> { ["p50 ms"] = latencies.P50, ["p99 ms"] = latencies.P99 }));

    // Raw Chroma's own collection holds as many again once it is filled.
    private static async Task WaitForIndexAsync(ChromaProcess chroma, int expected, CancellationToken cancellationToken)
    {
        using var client = new HttpClient { BaseAddress = chroma.Address, Timeout = TimeSpan.FromMinutes(5) };
        var counter = new MemoryService.Chroma.ChromaClient(client);
        var collection = await counter.EnsureAsync(MemoryService.Indexing.IndexWorker.CollectionName(PreparedMemories.Tenant), 384, 20_000, cancellationToken);
        while (await counter.CountAsync(collection.Id, cancellationToken) != expected)
        {
            await Task.Delay(50, cancellationToken);
        }
    }

    private static async Task DeleteWrittenAsync(HttpClient client, CancellationToken cancellationToken)
    {
        var page = await client.GetFromJsonAsync<System.Text.Json.Nodes.JsonObject>($"v1/memories?limit={Writes}", cancellationToken);
        foreach (var memory in page!["memories"]!.AsArray())
        {
            using var response = await client.DeleteAsync($"v1/memories/{(string)memory!["id"]!}", cancellationToken);
        }
    }

    private static async Task<List<float[]>> EmbedAsync(List<string> questions, CancellationToken cancellationToken)
    {
        var model = ModelFiles.Verified(null);
        using var generator = new MiniLmEmbeddingGenerator(Path.Combine(model, "model.onnx"), new WordPieces(Path.Combine(model, "vocab.txt")), 1);
        return [.. (await generator.GenerateAsync(questions, null, cancellationToken)).Select(embedding => embedding.Vector.ToArray())];
    }

    private static IEnumerable<(string Id, float[] Vector, int Number)> Vectors(string folder)
    {
        var file = Directory.EnumerateFiles(Path.Combine(folder, "memory"), $"*{TenantDatabases.Extension}").Single();
        using var connection = SqliteConnections.Open(file, readOnly: true);
        using var command = connection.Command("SELECT m.id, v.sentence FROM memories m JOIN vectors v ON v.seq = m.seq ORDER BY m.seq");
        using var reader = command.ExecuteReader();
        for (var number = 0; reader.Read(); number++)
        {
            yield return (reader.GetString(0), System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>((byte[])reader[1]).ToArray(), number);
        }
    }
}
