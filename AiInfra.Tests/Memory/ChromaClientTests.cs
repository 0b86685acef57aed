using AiInfra.MemoryService.Chroma;
using AiInfra.Tests.Gateway;
using Microsoft.AspNetCore.Http;

namespace AiInfra.Tests.Memory;

/// <summary>What the two Chroma servers were recorded to answer, in both spellings where they differ, and what our client makes of it.</summary>
public sealed class ChromaClientTests : IAsyncLifetime
{
    private const string Old = """{"id":"7d9e","name":"c","configuration_json":{"hnsw":{"space":"cosine","ef_construction":100,"ef_search":100,"max_neighbors":16,"resize_factor":1.2,"sync_threshold":20000},"spann":null,"embedding_function":null},"metadata":null,"dimension":null,"tenant":"default_tenant","database":"default_database","log_position":0,"version":0}""";
    private const string New = """{"id":"7d9e","name":"c","configuration_json":{"hnsw":{"space":"cosine","ef_construction":100,"ef_search":100,"max_neighbors":16,"resize_factor":1.2,"sync_threshold":20000},"spann":null,"embedding_function":null},"schema":{"defaults":{"string":{"fts_index":{"enabled":false}}},"keys":{}},"metadata":null,"dimension":384,"tenant":"default_tenant","database":"default_database","log_position":0,"version":0}""";

    private ScriptedVllm _server = null!;
    private HttpClient _http = null!;
    private ChromaClient _chroma = null!;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(Old)]
    [InlineData(New)]
    public async Task A_collection_is_made_with_cosine_by_configuration_alone_and_read_from_both_servers(string answer)
    {
        Answer(200, answer);

        var collection = await _chroma.EnsureAsync("c", 384, 20_000, Cancelled);

        Assert.Equal("7d9e", collection.Id);
        var sent = _server.Requests.Single().Text;
        Assert.Equal("""{"name":"c","get_or_create":true,"configuration":{"hnsw":{"space":"cosine","sync_threshold":20000}}}""", sent);
    }

    [Theory]
    [InlineData("\"space\":\"cosine\"", "\"space\":\"l2\"")]
    [InlineData("\"dimension\":384", "\"dimension\":3")]
    public async Task A_collection_of_another_distance_or_dimension_is_refused_though_the_server_hands_it_out(string part, string other)
    {
        Answer(200, New.Replace(part, other, StringComparison.Ordinal));

        await Assert.ThrowsAsync<InvalidOperationException>(() => _chroma.EnsureAsync("c", 384, 20_000, Cancelled));
    }

    [Theory]
    [InlineData(404, """{"error":"NotFoundError","message":"Collection [7d9e] does not exists."}""", true, false)]
    [InlineData(404, """{"error":"NotFoundError","message":"Collection [7d9e] does not exist"}""", true, false)]
    [InlineData(404, "", false, false)]
    [InlineData(405, "", false, false)]
    [InlineData(400, """{"error":"InvalidArgumentError","message":"Collection ID is not a valid UUIDv4"}""", false, false)]
    [InlineData(413, "length limit exceeded", false, false)]
    [InlineData(422, """{"error":"ChromaError","message":"Failed to deserialize the JSON body into the target type: missing field `ids`"}""", false, false)]
    [InlineData(500, """{"error":"InternalError","message":"Failed to apply logs to the hnsw segment writer"}""", false, true)]
    [InlineData(501, """{"error":"ChromaError","message":"not implemented"}""", false, true)]
    public async Task Only_status_and_kind_of_an_error_count_and_an_empty_404_is_no_missing_collection(int status, string body, bool isMissing, bool isFault)
    {
        Answer(status, body);

        var error = await Assert.ThrowsAsync<ChromaException>(() => _chroma.CountAsync("7d9e", Cancelled));

        Assert.Equal((status, isMissing, isFault), (error.Status, error.IsCollectionMissing, error.IsServerFault));
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"deleted":1500}""")]
    public async Task A_delete_goes_by_ids_in_steps_of_a_thousand_and_believes_no_count(string answer)
    {
        Answer(200, answer);

        await _chroma.DeleteAsync("7d9e", [.. Enumerable.Range(0, 1500).Select(i => $"m{i}")], Cancelled);
        await _chroma.DeleteAsync("7d9e", [], Cancelled);

        Assert.Equal([1000, 500], _server.Requests.Select(request => request.Text.Split('"').Count(part => part.StartsWith('m'))));
        Assert.All(_server.Requests, request => Assert.DoesNotContain("where", request.Text, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_query_asks_for_distances_only_and_takes_a_null_distance_for_the_farthest()
    {
        Answer(200, """{"ids":[["a","b"]],"embeddings":null,"documents":null,"uris":null,"metadatas":null,"distances":[[0.125,null]],"include":["distances"]}""");

        var found = await _chroma.QueryAsync("7d9e", [1, 0], 2, Cancelled);

        Assert.Equal([("a", 0.125f), ("b", float.MaxValue)], found);
        Assert.Equal("""{"query_embeddings":[[1,0]],"n_results":2,"include":["distances"]}""", _server.Requests.Single().Text);
    }

    [Fact]
    public async Task An_empty_collection_answers_a_query_of_any_dimension_with_nothing()
    {
        Answer(200, """{"ids":[[]],"embeddings":null,"documents":null,"uris":null,"metadatas":null,"distances":[[]],"include":["distances"]}""");

        Assert.Empty(await _chroma.QueryAsync("7d9e", [1, 0, 0], 10, Cancelled));
    }

    [Fact]
    public async Task Vectors_come_in_the_servers_order_and_missing_ids_are_left_out()
    {
        Answer(200, """{"ids":["b","a"],"embeddings":[[0,1],[1,0]],"documents":null,"uris":null,"metadatas":null,"include":["embeddings"]}""");

        var found = await _chroma.GetAsync("7d9e", ["a", "missing", "b"], Cancelled);

        Assert.Equal([0f, 1f], found["b"]);
        Assert.Equal(2, found.Count);
    }

    [Fact]
    public async Task A_connection_closed_without_an_answer_is_told_apart_from_a_server_that_is_away()
    {
        _server.Script = (context, _) =>
        {
            context.Abort();
            return Task.CompletedTask;
        };
        var closed = await Assert.ThrowsAsync<HttpRequestException>(() => _chroma.CountAsync("7d9e", Cancelled));
        using var nobody = new HttpClient { BaseAddress = new Uri("http://127.0.0.1:9") };
        var away = await Assert.ThrowsAsync<HttpRequestException>(() => new ChromaClient(nobody).CountAsync("7d9e", Cancelled));

        Assert.NotEqual(HttpRequestError.ConnectionError, closed.HttpRequestError);
        Assert.Equal(HttpRequestError.ConnectionError, away.HttpRequestError);
        Assert.False(await new ChromaClient(nobody).AnswersAsync(Cancelled));
    }

    public async ValueTask InitializeAsync()
    {
        _server = await ScriptedVllm.StartAsync();
        _http = new HttpClient { BaseAddress = new Uri(_server.Address) };
        _chroma = new ChromaClient(_http);
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _server.DisposeAsync();
    }

    private void Answer(int status, string body) => _server.Script = async (context, _) =>
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = body.StartsWith('{') ? "application/json" : null;
        await context.Response.WriteAsync(body, context.RequestAborted);
    };
}
