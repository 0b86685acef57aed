using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace AiInfra.MemoryService.Chroma;

/// <summary>
/// The calls of Chroma's HTTP API v2 that the service makes. It holds ids and vectors only; text, metadata and scope are SQLite's.
/// Works with 1.0 and 1.5 alike, which differ in more than their version tells.
/// </summary>
internal sealed class ChromaClient(HttpClient http)
{
    /// <summary>Records of one call at most; the server itself says 5,461.</summary>
    public const int MaxBatch = 5000;

    // Chroma's tenants and databases protect nothing (an id is reached through any of them): the default ones are used, and who may
    // see what is decided in SQLite.
    private const string Collections = "api/v2/tenants/default_tenant/databases/default_database/collections";
    private const int MaxDeletes = 1000;

    private static readonly string[] Distances = ["distances"];
    private static readonly string[] Embeddings = ["embeddings"];

    /// <summary>True when the process answers. That says nothing of a collection.</summary>
    public async Task<bool> AnswersAsync(CancellationToken cancellationToken)
    {
        try
        {
            using var response = await http.GetAsync("api/v2/heartbeat", cancellationToken);
            return response.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    /// <summary>The collection of this name, made when it is not there.</summary>
    /// <exception cref="InvalidOperationException">It is there with another distance or dimension: an existing one keeps its own.</exception>
    public async Task<ChromaCollection> EnsureAsync(string name, int dimension, int syncThreshold, CancellationToken cancellationToken)
    {
        var request = new ChromaCreateRequest(name, true, new ChromaConfiguration(new ChromaHnsw("cosine", syncThreshold)));
        var collection = await AskAsync(
            HttpMethod.Post, Collections, JsonContent.Create(request, ChromaJson.Default.ChromaCreateRequest), ChromaJson.Default.ChromaCollection, cancellationToken);
        if (collection.ConfigurationJson?.Hnsw?.Space != "cosine" || (collection.Dimension is { } found && found != dimension))
        {
            throw new InvalidOperationException(
                $"Chroma's collection {name} has the distance '{collection.ConfigurationJson?.Hnsw?.Space}' and {collection.Dimension} dimensions, not cosine and {dimension}.");
        }

        return collection;
    }

    public Task DeleteCollectionAsync(string name, CancellationToken cancellationToken) =>
        TellAsync(HttpMethod.Delete, $"{Collections}/{name}", null, cancellationToken);

    public Task<int> CountAsync(string collectionId, CancellationToken cancellationToken) =>
        AskAsync(HttpMethod.Get, $"{Collections}/{collectionId}/count", null, ChromaJson.Default.Int32, cancellationToken);

    /// <param name="collectionId">The collection.</param>
    /// <param name="ids">Distinct, not empty, at most <see cref="MaxBatch"/>.</param>
    /// <param name="embeddings">float[384] each, finite and not all zero.</param>
    /// <param name="cancellationToken">Gives the call up.</param>
    public Task UpsertAsync(string collectionId, IReadOnlyList<string> ids, IReadOnlyList<float[]> embeddings, CancellationToken cancellationToken) =>
        TellAsync(
            HttpMethod.Post, $"{Collections}/{collectionId}/upsert",
            JsonContent.Create(new ChromaUpsertRequest(ids, embeddings), ChromaJson.Default.ChromaUpsertRequest), cancellationToken);

    public async Task DeleteAsync(string collectionId, IReadOnlyList<string> ids, CancellationToken cancellationToken)
    {
        // An empty list or none at all would be refused, or delete by no filter.
        foreach (var chunk in ids.Chunk(MaxDeletes))
        {
            await TellAsync(
                HttpMethod.Post, $"{Collections}/{collectionId}/delete",
                JsonContent.Create(new ChromaIdsRequest(chunk), ChromaJson.Default.ChromaIdsRequest), cancellationToken);
        }
    }

    /// <summary>The nearest ids with their cosine distances (smaller is nearer), at most <paramref name="count"/>.</summary>
    public async Task<IReadOnlyList<(string Id, float Distance)>> QueryAsync(string collectionId, float[] vector, int count, CancellationToken cancellationToken)
    {
        var response = await AskAsync(
            HttpMethod.Post, $"{Collections}/{collectionId}/query",
            JsonContent.Create(new ChromaQueryRequest([vector], count, Distances), ChromaJson.Default.ChromaQueryRequest),
            ChromaJson.Default.ChromaQueryResponse, cancellationToken);
        return [.. response.Ids[0].Zip(response.Distances?[0] ?? [], (id, distance) => (id, distance ?? float.MaxValue))];
    }

    /// <summary>The stored vectors of these ids; missing ones are left out.</summary>
    public async Task<IReadOnlyDictionary<string, float[]>> GetAsync(string collectionId, IReadOnlyList<string> ids, CancellationToken cancellationToken)
    {
        var response = await AskAsync(
            HttpMethod.Post, $"{Collections}/{collectionId}/get",
            JsonContent.Create(new ChromaIdsRequest(ids, Embeddings), ChromaJson.Default.ChromaIdsRequest),
            ChromaJson.Default.ChromaGetResponse, cancellationToken);
        return response.Ids.Zip(response.Embeddings ?? [], (id, vector) => (id, vector)).ToDictionary(pair => pair.id, pair => pair.vector, StringComparer.Ordinal);
    }

    private async Task<TResponse> AskAsync<TResponse>(
        HttpMethod method, string path, HttpContent? content, JsonTypeInfo<TResponse> responseType, CancellationToken cancellationToken)
    {
        using var response = await SendAsync(method, path, content, cancellationToken);
        return (await response.Content.ReadFromJsonAsync(responseType, cancellationToken))!;
    }

    private async Task TellAsync(HttpMethod method, string path, HttpContent? content, CancellationToken cancellationToken)
    {
        using var response = await SendAsync(method, path, content, cancellationToken);
    }

    private async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, HttpContent? content, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(method, path) { Content = content };
        var response = await http.SendAsync(request, cancellationToken);
        if (response.IsSuccessStatusCode)
        {
            return response;
        }

        using (response)
        {
            throw await ErrorAsync(response, cancellationToken);
        }
    }

    private static async Task<ChromaException> ErrorAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var body = await response.Content.ReadAsStringAsync(cancellationToken);
        ChromaError? error = null;
        try
        {
            error = body.Length == 0 ? null : JsonSerializer.Deserialize(body, ChromaJson.Default.ChromaError);
        }
        catch (JsonException)
        {
            // Some errors are plain text, for example 413.
        }

        return new ChromaException((int)response.StatusCode, error?.Error ?? "", error?.Message ?? response.StatusCode.ToString());
    }
}
