using System.Collections.Concurrent;
using System.Net.Http.Json;
using System.Text.Json.Nodes;

namespace AiInfra.Tests.Memory;

/// <summary>SIGKILL under concurrent writers, three rounds; <c>bench -- crash</c> has fifty, on both Chromas.</summary>
public sealed class CrashTests
{
    private const int Writers = 4;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Whoever_is_killed_under_writers_every_acknowledged_memory_is_there_and_every_batch_is_whole_or_absent()
    {
        await using var stage = await ChromaStage.StartAsync();
        var memory = await stage.StartMemoryAsync();
        var acknowledged = new ConcurrentDictionary<string, string>();
        try
        {
            foreach (var (killsMemory, killsChroma) in new[] { (true, false), (false, true), (true, true) })
            {
                using var stop = new CancellationTokenSource();
                var writers = Enumerable.Range(0, Writers).Select(i => WriteAsync(memory, i, acknowledged, stop.Token)).ToList();
                var goal = acknowledged.Count + 40;
                await WaitUntil.TrueAsync(() => Task.FromResult(acknowledged.Count >= goal), Cancelled);
                await Task.WhenAll(killsMemory ? memory.Process.KillAsync() : Task.CompletedTask, killsChroma ? stage.KillChromaAsync() : Task.CompletedTask);
                await stop.CancelAsync();
                await Task.WhenAll(writers);
                if (killsChroma)
                {
                    await stage.StartChromaAsync();
                }

                if (killsMemory)
                {
                    await memory.DisposeAsync();
                    memory = await stage.StartMemoryAsync();
                }

                await CheckAsync(stage, memory, acknowledged);
            }
        }
        finally
        {
            await memory.DisposeAsync();
        }
    }

    private static async Task WriteAsync(MemoryServer memory, int writer, ConcurrentDictionary<string, string> acknowledged, CancellationToken stopped)
    {
        using var client = memory.Client();
        while (!stopped.IsCancellationRequested)
        {
            var batch = Guid.NewGuid().ToString("N");
            var texts = Enumerable.Range(0, writer + 1).Select(i => $"Writer {writer} of batch {batch} wrote sentence {i}.").ToList();
            try
            {
                using var response = await client.PostAsJsonAsync(
                    "v1/memories/batch", new { memories = texts.Select(text => new { text, tags = new[] { batch } }) }, CancellationToken.None);
                response.EnsureSuccessStatusCode();
                var stored = (await response.Content.ReadFromJsonAsync<JsonObject>(CancellationToken.None))!["memories"]!.AsArray();
                foreach (var (entry, text) in stored.Zip(texts))
                {
                    acknowledged[(string)entry!["id"]!] = text;
                }
            }
            catch (HttpRequestException)
            {
                // The service was killed: this batch was not acknowledged.
                return;
            }
        }
    }

    private static async Task CheckAsync(ChromaStage stage, MemoryServer memory, ConcurrentDictionary<string, string> acknowledged)
    {
        using var client = memory.Client();
        var found = new Dictionary<string, string>();
        var batches = new Dictionary<string, int>();
        for (string? cursor = ""; cursor is not null;)
        {
            var page = (await client.GetFromJsonAsync<JsonObject>($"v1/memories?limit=500{(cursor.Length > 0 ? $"&cursor={cursor}" : "")}", Cancelled))!;
            foreach (var entry in page["memories"]!.AsArray())
            {
                found[(string)entry!["id"]!] = (string)entry["text"]!;
                var batch = (string)entry["tags"]![0]!;
                batches[batch] = batches.GetValueOrDefault(batch) + 1;
            }

            cursor = (string?)page["nextCursor"];
        }

        Assert.All(acknowledged, memory => Assert.Equal(memory.Value, found.GetValueOrDefault(memory.Key)));
        Assert.All(batches, batch => Assert.Contains($"Writer {batch.Value - 1} ", found.Values.First(text => text.Contains(batch.Key, StringComparison.Ordinal)), StringComparison.Ordinal));
        await WaitUntil.TrueAsync(async () => await stage.CountAsync() == found.Count, Cancelled);
    }
}
