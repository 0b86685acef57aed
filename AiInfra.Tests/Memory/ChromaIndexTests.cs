using System.Net.Http.Json;
using System.Text.Json.Nodes;

namespace AiInfra.Tests.Memory;

/// <summary>Chroma goes, comes back, loses its collections: each test has servers of its own.</summary>
public sealed class ChromaIndexTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_stored_vector_is_read_back_from_Chroma_and_leaves_it_with_the_memory()
    {
        await using var stage = await ChromaStage.StartAsync();
        await using var memory = await stage.StartMemoryAsync();
        using var client = memory.Client();
        var id = await StoreAsync(client, "The vault opens at nine.");

        await WaitUntil.TrueAsync(async () => await stage.StoredAsync(id) is not null, Cancelled);
        var vector = (await stage.StoredAsync(id))!;
        Assert.Equal(384, vector.Length);
        Assert.Equal(1, vector.Sum(x => x * x), 3);

        using var deleted = await client.DeleteAsync($"v1/memories/{id}", Cancelled);
        await WaitUntil.TrueAsync(async () => await stage.StoredAsync(id) is null, Cancelled);
    }

    [Fact]
    public async Task Without_Chroma_memories_are_stored_and_found_and_it_catches_up_when_it_returns()
    {
        await using var stage = await ChromaStage.StartAsync();
        await using var memory = await stage.StartMemoryAsync();
        using var client = memory.Client();
        var before = await StoreAsync(client, "The first ship sailed in May.");
        await WaitUntil.TrueAsync(async () => await stage.StoredAsync(before) is not null, Cancelled);
        Assert.Equal("Healthy", await memory.HealthAsync(Cancelled));

        await stage.KillChromaAsync();
        Assert.Equal("Degraded", await memory.HealthAsync(Cancelled));
        var meanwhile = await StoreAsync(client, "The second ship sailed in June.");
        Assert.Equal(meanwhile, await BestAsync(client, "When did the second boat leave?"));

        await stage.StartChromaAsync();
        await WaitUntil.TrueAsync(async () => await stage.StoredAsync(meanwhile) is not null, Cancelled);
        await WaitUntil.TrueAsync(async () => await memory.HealthAsync(Cancelled) == "Healthy", Cancelled);
    }

    [Fact]
    public async Task A_collection_that_was_deleted_or_emptied_is_written_again()
    {
        await using var stage = await ChromaStage.StartAsync();
        await using var memory = await stage.StartMemoryAsync();
        using var client = memory.Client();
        var ids = new List<string>();
        for (var i = 0; i < 5; i++)
        {
            ids.Add(await StoreAsync(client, $"Box {i} stands on shelf {i * 3}."));
        }

        await WaitUntil.TrueAsync(HasAllAsync, Cancelled);
        var collection = await stage.CollectionAsync();
        await stage.Chroma.DeleteCollectionAsync(collection.Name, Cancelled);
        await WaitUntil.TrueAsync(HasAllAsync, Cancelled);

        collection = await stage.CollectionAsync();
        await stage.Chroma.DeleteAsync(collection.Id, [ids[1], ids[3]], Cancelled);
        Assert.Equal(ids[3], await BestAsync(client, "Where is box 3?"));
        await WaitUntil.TrueAsync(HasAllAsync, Cancelled);
        await WaitUntil.TrueAsync(async () => await memory.HealthAsync(Cancelled) == "Healthy", Cancelled);

        async Task<bool> HasAllAsync()
        {
            var stored = await Task.WhenAll(ids.Select(stage.StoredAsync));
            return stored.All(vector => vector is not null);
        }
    }

    [Fact]
    public async Task Without_an_address_of_Chroma_the_service_says_so_and_works()
    {
        await using var issuer = await TestIssuer.StartAsync(Cancelled);
        using var folder = new TemporaryFolder();
        await using var memory = await MemoryServer.StartAsync(issuer, folder.At("memory"), null, Cancelled);
        using var client = memory.Client();
        var id = await StoreAsync(client, "Tea is in the green tin.");

        Assert.Equal("Degraded", await memory.HealthAsync(Cancelled));
        Assert.Equal(id, await BestAsync(client, "Where do we keep the tea?"));
        Assert.Contains("ConnectionStrings:chroma is not set", memory.Process.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("green tin", memory.Process.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Memories_survive_the_death_of_the_service()
    {
        await using var stage = await ChromaStage.StartAsync();
        string id;
        await using (var memory = await stage.StartMemoryAsync())
        {
            using var client = memory.Client();
            id = await StoreAsync(client, "The spare key is under the third stone.");
            await memory.Process.KillAsync();
        }

        await using var again = await stage.StartMemoryAsync();
        using var after = again.Client();
        Assert.Equal(id, await BestAsync(after, "Where is the other key?"));
        await WaitUntil.TrueAsync(async () => await stage.StoredAsync(id) is not null, Cancelled);
    }

    private static async Task<string> StoreAsync(HttpClient client, string text)
    {
        using var response = await client.PostAsJsonAsync("v1/memories", new { text }, Cancelled);
        response.EnsureSuccessStatusCode();
        return (string)(await response.Content.ReadFromJsonAsync<JsonObject>(Cancelled))!["id"]!;
    }

    private static async Task<string?> BestAsync(HttpClient client, string query)
    {
        using var response = await client.PostAsJsonAsync("v1/memories/search", new { query, limit = 1 }, Cancelled);
        response.EnsureSuccessStatusCode();
        return (string?)(await response.Content.ReadFromJsonAsync<JsonObject>(Cancelled))!["results"]![0]!["memory"]!["id"];
    }
}
