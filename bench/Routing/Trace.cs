using System.Globalization;
using System.Text.Json;
using AiInfra.Bench.Running;

namespace AiInfra.Bench.Routing;

/// <summary>Recorded arrivals: when, how long, and which prefixes they share.</summary>
/// <param name="Name">The file's name without its ending.</param>
/// <param name="Requests">In order of arrival.</param>
internal sealed record Trace(string Name, IReadOnlyList<TraceRequest> Requests)
{
    /// <summary>Tokens that one block number stands for.</summary>
    public const int BlockTokens = 512;

    public double Seconds => Requests[^1].At - Requests[0].At;

    /// <summary>Reads every trace of a folder: <c>*.jsonl</c> (timestamp, input_length, output_length, hash_ids) and <c>*.csv</c> (TIMESTAMP, ContextTokens, GeneratedTokens).</summary>
    public static IReadOnlyList<Trace> ReadAll(string folder, int maxRequests)
    {
        var files = Directory.GetFiles(folder).Order(StringComparer.Ordinal).ToList();
        var traces = files.Where(file => file.EndsWith(".jsonl", StringComparison.Ordinal)).Select(file => ReadJsonLines(file, maxRequests))
            .Concat(files.Where(file => file.EndsWith(".csv", StringComparison.Ordinal)).Select(file => ReadCsv(file, maxRequests)))
            .ToList();
        return traces.Count > 0 ? traces : throw new BenchException($"There is no trace (*.jsonl, *.csv) in {folder}.");
    }

    private static Trace ReadJsonLines(string file, int maxRequests)
    {
        var requests = new List<TraceRequest>();
        foreach (var line in File.ReadLines(file).Where(line => line.Length > 0).Take(maxRequests))
        {
            using var document = JsonDocument.Parse(line);
            var root = document.RootElement;
            int[] blocks = [.. root.GetProperty("hash_ids").EnumerateArray().Select(id => id.GetInt32())];
            var tokens = Math.Clamp(root.GetProperty("input_length").GetInt32(), 1, Math.Max(1, blocks.Length) * BlockTokens);
            requests.Add(new TraceRequest(root.GetProperty("timestamp").GetDouble() / 1000, blocks, tokens, Math.Max(1, root.GetProperty("output_length").GetInt32())));
        }

        return Sorted(file, requests);
    }

    // No prefixes are recorded there: every block is its own.
    private static Trace ReadCsv(string file, int maxRequests)
    {
        var requests = new List<TraceRequest>();
        var (next, first) = (0, default(DateTime?));
        foreach (var line in File.ReadLines(file).Skip(1).Take(maxRequests))
        {
            var fields = line.Split(',');
            var at = DateTime.Parse(fields[0], CultureInfo.InvariantCulture);
            first ??= at;
            var tokens = Math.Max(1, int.Parse(fields[1], CultureInfo.InvariantCulture));
            var count = (tokens + BlockTokens - 1) / BlockTokens;
            requests.Add(new TraceRequest(
                (at - first.Value).TotalSeconds, [.. Enumerable.Range(next, count)], tokens, Math.Max(1, int.Parse(fields[2], CultureInfo.InvariantCulture))));
            next += count;
        }

        return Sorted(file, requests);
    }

    private static Trace Sorted(string file, List<TraceRequest> requests) =>
        new(Path.GetFileNameWithoutExtension(file), [.. requests.OrderBy(request => request.At)]);
}
