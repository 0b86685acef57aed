using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using AiInfra.MemoryService.Chroma;
using AiInfra.MemoryService.Indexing;
using AiInfra.ServiceDefaults.ServiceTokens;

namespace AiInfra.Tests.Memory;

/// <summary>Rebuild, export and import, erasure and domains, through the doors. Each test is a tenant of its own.</summary>
[Collection(MemoryPlatformTests.Name)]
public sealed class MemoryAdministrationTests(MemoryPlatform platform)
{
    private const string Everything = $"{ServiceScopes.MemoryRead} {ServiceScopes.MemoryWrite} {ServiceScopes.MemoryErase} {ServiceScopes.MemoryAdmin}";

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_rebuild_is_asked_for_and_its_progress_is_seen_to_the_end()
    {
        using var client = Client("ann", "rebuild");
        await StoreAsync(client, Enumerable.Range(0, 40).Select(i => new { text = $"Shelf {i} holds {i * 3} jars." }));
        await UntilWellAsync(client);
        using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{platform.ChromaPort}") };
        var chroma = new ChromaClient(http);
        var before = await chroma.EnsureAsync(IndexWorker.CollectionName("rebuild"), 384, 20_000, Cancelled);

        using var asked = await client.PostAsync("admin/memory/rebuild", null, Cancelled);
        Assert.Equal(HttpStatusCode.Accepted, asked.StatusCode);
        Assert.Equal("catching-up", (string)(await asked.Content.ReadFromJsonAsync<JsonObject>(Cancelled))!["state"]!);
        await UntilWellAsync(client);

        var after = await chroma.EnsureAsync(IndexWorker.CollectionName("rebuild"), 384, 20_000, Cancelled);
        Assert.NotEqual(before.Id, after.Id);
        Assert.Equal(40, await chroma.CountAsync(after.Id, Cancelled));
        using var reader = platform.Memory.Client("ann", "rebuild");
        using var refused = await reader.PostAsync("admin/memory/rebuild", null, Cancelled);
        Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);
    }

    [Fact]
    public async Task What_is_exported_and_imported_elsewhere_is_exported_equal_again_and_a_second_import_changes_nothing()
    {
        using var from = Client("ann", "exported");
        var first = await StoreAsync(from, Enumerable.Range(0, 130).Select(i => new { text = $"Line {i}\nwith \"quotes\" and ümlauts 🎉", tags = new[] { $"t{i % 3}" }, sessionId = i % 2 == 0 ? "s" : null, metadata = new { n = i } }));
        await StoreAsync(from, [new { text = "The newer truth.", supersedes = first[3], importance = 0.9, timeToLiveSeconds = 90_000 }]);
        using var patched = await from.PatchAsJsonAsync($"v1/memories/{first[5]}", new { text = "Changed." }, Cancelled);
        var exported = await from.GetStringAsync("v1/memories/export", Cancelled);

        using var into = Client("ben", "imported");
        var report = await ImportAsync(into, exported);
        var again = await ImportAsync(into, exported);

        Assert.Equal((131, 0, 0), ((int)report["imported"]!, (int)report["refused"]!, (int)again["imported"]!));
        Assert.Equal(131, (int)again["unchanged"]!);
        Assert.Equal(exported, await into.GetStringAsync("v1/memories/export", Cancelled));
        using var found = await into.PostAsJsonAsync("v1/memories/search", new { query = "What is the newer truth?", limit = 1 }, Cancelled);
        Assert.Equal("The newer truth.", (string?)(await found.Content.ReadFromJsonAsync<JsonObject>(Cancelled))!["results"]![0]!["memory"]!["text"]);
    }

    [Fact]
    public async Task An_import_names_the_lines_that_it_refuses_and_takes_no_file_for_a_writer()
    {
        using var from = Client("ann", "lines");
        await StoreAsync(from, [new { text = "Kept." }]);
        var line = (await from.GetStringAsync("v1/memories/export", Cancelled)).TrimEnd();
        using var into = platform.Memory.Client("eve", "lines-2");

        var report = await ImportAsync(into, $"{line}\nnot json\n{line.Replace("Kept.", "", StringComparison.Ordinal)}\n");

        Assert.Equal((1, 2), ((int)report["imported"]!, (int)report["refused"]!));
        Assert.Equal([2, 3], report["problems"]!.AsArray().Select(problem => (int)problem!["line"]!));
        var page = await into.GetFromJsonAsync<JsonObject>("v1/memories", Cancelled);
        Assert.Equal("key-of-eve", (string)page!["memories"]![0]!["writer"]!);
    }

    [Fact]
    public async Task An_erasure_leaves_nothing_anywhere_but_a_receipt_that_can_be_checked()
    {
        using var ann = Client("ann", "erased");
        using var ben = Client("ben", "erased");
        var ids = await StoreAsync(ann, Enumerable.Range(0, 12).Select(i => new { text = $"Secret number {i} is {i * 7}.", sessionId = i < 4 ? "one" : "two" }));
        var kept = await StoreAsync(ben, [new { text = "Ben keeps this." }]);
        using var deleted = await ann.DeleteAsync($"v1/memories/{ids[11]}", Cancelled);
        await UntilWellAsync(ann);

        var part = await PostAsync(ann, "v1/memories/erase", new { sessionId = "one" });
        var whole = await PostAsync(ben, "v1/memories/erase", new { user = "ann" });

        Assert.Equal((4, 7), ((int)part["memories"]!, (int)whole["memories"]!));
        // Of the seven, and what was left of the one that was deleted before: its two entries.
        Assert.Equal((4, 9), ((int)part["historyEntries"]!, (int)whole["historyEntries"]!));
        Assert.Equal((string)part["hash"]!, (string)whole["previous"]!);
        Assert.Empty((await ann.GetStringAsync("v1/memories/export", Cancelled)).Trim());
        using var history = await ann.GetAsync($"v1/memories/{ids[2]}/history", Cancelled);
        Assert.Equal(HttpStatusCode.NotFound, history.StatusCode);
        foreach (var receipt in new[] { part, whole })
        {
            await WaitUntil.TrueAsync(
                async () => (bool)(await ben.GetFromJsonAsync<JsonObject>($"v1/memories/erasures/{(string)receipt["id"]!}", Cancelled))!["isErased"]!, Cancelled);
        }

        using var still = await ben.GetAsync($"v1/memories/{kept[0]}", Cancelled);
        Assert.Equal(HttpStatusCode.OK, still.StatusCode);
        // Not even in the bytes of the files.
        foreach (var file in Directory.EnumerateFiles(platform.DataFolder, "*.memories.db*"))
        {
            await using var open = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            using var bytes = new MemoryStream();
            await open.CopyToAsync(bytes, Cancelled);
            Assert.Equal(-1, bytes.ToArray().AsSpan().IndexOf(Encoding.UTF8.GetBytes("Secret number 7")));
        }

        using var reader = platform.Memory.Client("ann", "erased");
        using var refused = await reader.PostAsJsonAsync("v1/memories/erase", new { }, Cancelled);
        Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);
    }

    [Fact]
    public async Task Who_may_erase_erases_itself_and_no_other_user_and_sees_no_others_receipt()
    {
        using var ann = Client("ann", "own", ServiceScopes.MemoryErase);
        using var ben = Client("ben", "own", $"{ServiceScopes.MemoryWrite} {ServiceScopes.MemoryRead}");
        using var annWrites = Client("ann", "own");
        await StoreAsync(annWrites, [new { text = "Ann's." }]);
        var kept = await StoreAsync(ben, [new { text = "Ben's." }]);

        using var foreign = await ann.PostAsJsonAsync("v1/memories/erase", new { user = "ben" }, Cancelled);
        using var nobody = await ann.PostAsJsonAsync("v1/memories/erase", new { user = "nobody" }, Cancelled);
        using var asOperator = await ann.PostAsJsonAsync("admin/memory/erase", new { user = "ben" }, Cancelled);
        var own = await PostAsync(ann, "v1/memories/erase", new { user = "ann" });
        using var bensEraser = Client("ben", "own", ServiceScopes.MemoryErase);
        using var annsReceipt = await bensEraser.GetAsync($"v1/memories/erasures/{(string)own["id"]!}", Cancelled);
        using var ownReceipt = await ann.GetAsync($"v1/memories/erasures/{(string)own["id"]!}", Cancelled);
        using var withoutScope = await ben.PostAsJsonAsync("v1/memories/erase", new { }, Cancelled);

        Assert.Equal([403, 403, 403, 404, 200, 403], new[] { foreign, nobody, asOperator, annsReceipt, ownReceipt, withoutScope }.Select(response => (int)response.StatusCode));
        Assert.Equal("application/problem+json", foreign.Content.Headers.ContentType?.MediaType);
        Assert.Equal(("ann", 1), ((string)own["user"]!, (int)own["memories"]!));
        using var still = await ben.GetAsync($"v1/memories/{kept[0]}", Cancelled);
        Assert.Equal(HttpStatusCode.OK, still.StatusCode);
    }

    [Theory]
    [InlineData("""{"text":"a","domain":"website"}""", "metadata.url")]
    [InlineData("""{"text":"a","domain":"website","metadata":{"url":"ftp://x"}}""", "metadata.url")]
    [InlineData("""{"text":"a","domain":"discussion"}""", "speaker")]
    [InlineData("""{"text":"a","domain":"electronics","metadata":{"unit":"mile"}}""", "metadata.unit")]
    [InlineData("""{"text":"a","domain":"code","subdomain":"poetry"}""", "subdomain")]
    public async Task A_memory_that_breaks_a_rule_of_its_domain_is_refused_by_the_fields_name(string body, string field)
    {
        using var client = Client("ann", "domains");
        using var response = await client.PostAsync("v1/memories", new StringContent(body, Encoding.UTF8, "application/json"), Cancelled);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.True((await response.Content.ReadFromJsonAsync<JsonObject>(Cancelled))!["errors"]!.AsObject().ContainsKey(field));
    }

    [Fact]
    public async Task Domains_are_listed_their_words_widen_expansion_and_a_warning_domain_stores_and_warns()
    {
        using var client = Client("ann", "domains");
        var domains = (await client.GetFromJsonAsync<JsonObject>("v1/memories/domains", Cancelled))!["domains"]!.AsArray();
        Assert.Superset(new HashSet<string> { "general", "code", "website", "discussion", "electronics" }, domains.Select(domain => (string)domain!["name"]!).ToHashSet());

        var expanded = await PostAsync(client, "v1/memories/keywords/expand", new { keywords = new[] { "function" }, domain = "code" });
        Assert.Contains(expanded["keywords"]!.AsArray(), keyword => (string)keyword!["keyword"]! == "method" && (bool)keyword["fromVocabulary"]!);

        var stored = await PostAsync(client, "v1/memories", new { text = "Loose.", domain = "lenient" });
        Assert.Contains("speaker: The domain requires it.", stored["warnings"]!.AsArray().Select(warning => (string)warning!));
    }

    private HttpClient Client(string user, string tenant, string scope = Everything) =>
        platform.Memory.Client(user, tenant, platform.Issuer.Token(tenant, user, scope));

    private static async Task UntilWellAsync(HttpClient client) => await WaitUntil.TrueAsync(
        async () => (string)(await client.GetFromJsonAsync<JsonObject>("admin/memory/rebuild", Cancelled))!["state"]! == "well", Cancelled);

    private static async Task<List<string>> StoreAsync<T>(HttpClient client, IEnumerable<T> memories)
    {
        var stored = await PostAsync(client, "v1/memories/batch", new { memories });
        return [.. stored["memories"]!.AsArray().Select(memory => (string)memory!["id"]!)];
    }

    private static async Task<JsonObject> ImportAsync(HttpClient client, string lines)
    {
        using var response = await client.PostAsync("v1/memories/import", new StringContent(lines, Encoding.UTF8, "application/x-ndjson"), Cancelled);
        response.EnsureSuccessStatusCode();
        return (await response.Content.ReadFromJsonAsync<JsonObject>(Cancelled))!;
    }

    private static async Task<JsonObject> PostAsync<T>(HttpClient client, string path, T body)
    {
        using var response = await client.PostAsJsonAsync(path, body, Cancelled);
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync(Cancelled));
        return (await response.Content.ReadFromJsonAsync<JsonObject>(Cancelled))!;
    }
}
