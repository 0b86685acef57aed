using System.Net.Http.Json;
using System.Text.Json.Nodes;

namespace AiInfra.Bench.Memory;

/// <summary>The REST calls of a client.</summary>
internal static class MemoryApi
{
    private const int MaxBatch = 1000;

    /// <summary>Stores in batches and gives the ids in the order of the memories.</summary>
    public static async Task<List<string>> StoreAsync(this HttpClient client, IEnumerable<object> memories, CancellationToken cancellationToken)
    {
        var ids = new List<string>();
        foreach (var batch in memories.Chunk(MaxBatch))
        {
            using var response = await client.PostAsJsonAsync("v1/memories/batch", new { memories = batch }, cancellationToken);
            response.EnsureSuccessStatusCode();
            var stored = (await response.Content.ReadFromJsonAsync<JsonObject>(cancellationToken))!["memories"]!.AsArray();
            ids.AddRange(stored.Select(memory => (string)memory!["id"]!));
        }

        return ids;
    }

    /// <summary>The ids found, best first.</summary>
    public static async Task<List<string>> SearchAsync(this HttpClient client, string query, string ranking, int limit, CancellationToken cancellationToken)
    {
        using var response = await client.PostAsJsonAsync("v1/memories/search", new { query, ranking, limit }, cancellationToken);
        response.EnsureSuccessStatusCode();
        var results = (await response.Content.ReadFromJsonAsync<JsonObject>(cancellationToken))!["results"]!.AsArray();
        return [.. results.Select(result => (string)result!["memory"]!["id"]!)];
    }
}
