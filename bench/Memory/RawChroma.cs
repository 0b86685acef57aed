using System.Net.Http.Json;
using System.Text.Json.Nodes;
using AiInfra.MemoryService.Chroma;

namespace AiInfra.Bench.Memory;

/// <summary>The same vectors asked for in Chroma itself, with metadata of its own for its own filters: the base line.</summary>
internal sealed class RawChroma(HttpClient http)
{
    private const string Name = "raw";
    private const string Collections = "api/v2/tenants/default_tenant/databases/default_database/collections";
    private const int Batch = 1000;

    private string _id = "";

    /// <summary>Asks the collection that the service keeps, which has the same vectors and no metadata.</summary>
    public async Task UseServicesAsync(CancellationToken cancellationToken) => _id = (await new ChromaClient(http).EnsureAsync(
        MemoryService.Indexing.IndexWorker.CollectionName(PreparedMemories.Tenant), 384, 20_000, cancellationToken)).Id;

    /// <returns>Vectors written a second; 0 when they were there.</returns>
    public async Task<double> FillAsync(IEnumerable<(string Id, float[] Vector, int Number)> vectors, int count, CancellationToken cancellationToken)
    {
        _id = (await new ChromaClient(http).EnsureAsync(Name, 384, 20_000, cancellationToken)).Id;
        if (await new ChromaClient(http).CountAsync(_id, cancellationToken) == count)
        {
            return 0;
        }

        var clock = System.Diagnostics.Stopwatch.StartNew();
        foreach (var batch in vectors.Chunk(Batch))
        {
            using var response = await http.PostAsJsonAsync(
                $"{Collections}/{_id}/upsert",
                new
                {
                    ids = batch.Select(entry => entry.Id),
                    embeddings = batch.Select(entry => entry.Vector),
                    metadatas = batch.Select(entry => new { p = entry.Number % 100, domain = entry.Number % 50 == 7 ? "code" : "general" }),
                },
                cancellationToken);
            response.EnsureSuccessStatusCode();
        }

        return count / clock.Elapsed.TotalSeconds;
    }

    public async Task QueryAsync(float[] vector, object? where, CancellationToken cancellationToken)
    {
        object body = where is null
            ? new { query_embeddings = new[] { vector }, n_results = 10, include = new[] { "distances" } }
            : new { query_embeddings = new[] { vector }, n_results = 10, include = new[] { "distances" }, where };
        using var response = await http.PostAsJsonAsync($"{Collections}/{_id}/query", body, cancellationToken);
        response.EnsureSuccessStatusCode();
        await response.Content.ReadFromJsonAsync<JsonObject>(cancellationToken);
    }
}
