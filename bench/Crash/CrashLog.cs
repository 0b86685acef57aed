using System.Collections.Concurrent;
using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json.Nodes;

namespace AiInfra.Bench.Crash;

/// <summary>Writes without pause, remembers what was acknowledged, and compares it with what is there.</summary>
internal sealed class CrashLog
{
    private readonly ConcurrentDictionary<string, string> _acknowledged = new(StringComparer.Ordinal);
    private int _batches;

    public int Acknowledged => _acknowledged.Count;

    /// <summary>Batches of 1, 2, 3, … memories by writer, until the service does not answer or the token says so.</summary>
    public async Task WriteAsync(HttpClient client, int writer, CancellationToken stopped)
    {
        while (!stopped.IsCancellationRequested)
        {
            var batch = string.Create(CultureInfo.InvariantCulture, $"b{Interlocked.Increment(ref _batches)}");
            var texts = Enumerable.Range(0, writer + 1).Select(i => $"{batch} of {writer + 1}: sentence {i}.").ToList();
            try
            {
                using var response = await client.PostAsJsonAsync(
                    "v1/memories/batch", new { memories = texts.Select(text => new { text, tags = new[] { batch } }) }, CancellationToken.None);
                response.EnsureSuccessStatusCode();
                var stored = (await response.Content.ReadFromJsonAsync<JsonObject>(CancellationToken.None))!["memories"]!.AsArray();
                foreach (var (memory, text) in stored.Zip(texts))
                {
                    _acknowledged[(string)memory!["id"]!] = text;
                }
            }
            catch (Exception problem) when (problem is HttpRequestException or IOException)
            {
                // Killed: this batch was not acknowledged.
                return;
            }
        }
    }

    /// <summary>Acknowledged memories that are missing or differ, batches that are there in part, and how many memories there are.</summary>
    public async Task<CrashFindings> CompareAsync(HttpClient client, CancellationToken cancellationToken)
    {
        var found = new Dictionary<string, string>(StringComparer.Ordinal);
        var sizes = new Dictionary<string, int>(StringComparer.Ordinal);
        for (string? cursor = ""; cursor is not null;)
        {
            var page = (await client.GetFromJsonAsync<JsonObject>($"v1/memories?limit=500{(cursor.Length > 0 ? $"&cursor={cursor}" : "")}", cancellationToken))!;
            foreach (var memory in page["memories"]!.AsArray())
            {
                var text = (string)memory!["text"]!;
                found[(string)memory["id"]!] = text;
                var batch = text[..text.IndexOf(':', StringComparison.Ordinal)];
                sizes[batch] = sizes.GetValueOrDefault(batch) + 1;
            }

            cursor = (string?)page["nextCursor"];
        }

        return new CrashFindings(
            _acknowledged.Count(memory => found.GetValueOrDefault(memory.Key) != memory.Value),
            sizes.Count(batch => int.Parse(batch.Key[(batch.Key.LastIndexOf(' ') + 1)..], CultureInfo.InvariantCulture) != batch.Value),
            found.Count);
    }
}

internal sealed record CrashFindings(int Missing, int TornBatches, int Memories);
