using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.IdentityModel.Tokens;

namespace AiInfra.Tests.Memory;

[Collection(MemoryPlatformTests.Name)]
public sealed class MemoryRestTests(MemoryPlatform platform)
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_is_stored_is_read_back_listed_found_and_deleted()
    {
        using var client = platform.Memory.Client("rest-1");

        using var stored = await client.PostAsJsonAsync("v1/memories", new { text = "The build server runs Debian.", tags = (string[])["infra"], metadata = new { rack = 7 } }, Cancelled);
        var memory = (await stored.Content.ReadFromJsonAsync<JsonObject>(Cancelled))!;
        var id = (string)memory["id"]!;
        Assert.Equal(HttpStatusCode.Created, stored.StatusCode);
        Assert.Equal($"/v1/memories/{id}", stored.Headers.Location?.ToString());
        Assert.Equal("\"1\"", stored.Headers.ETag?.Tag);

        var read = await client.GetFromJsonAsync<JsonObject>($"v1/memories/{id}", Cancelled);
        Assert.True(JsonNode.DeepEquals(memory, read), $"{memory} differs from {read}");
        Assert.Equal(7, (int)read!["metadata"]!["rack"]!);

        var listed = await client.GetFromJsonAsync<JsonObject>("v1/memories", Cancelled);
        Assert.Equal(id, (string?)listed!["memories"]![0]!["id"]);

        using var search = await client.PostAsJsonAsync("v1/memories/search", new { query = "Which operating system do we compile on?", limit = 3 }, Cancelled);
        var found = await search.Content.ReadFromJsonAsync<JsonObject>(Cancelled);
        Assert.Equal(id, (string?)found!["results"]![0]!["memory"]!["id"]);

        using var deleted = await client.DeleteAsync($"v1/memories/{id}", Cancelled);
        using var gone = await client.GetAsync($"v1/memories/{id}", Cancelled);
        using var again = await client.DeleteAsync($"v1/memories/{id}", Cancelled);
        Assert.Equal((204, 404, 404), ((int)deleted.StatusCode, (int)gone.StatusCode, (int)again.StatusCode));
        using var empty = await client.PostAsJsonAsync("v1/memories/search", new { query = "Debian" }, Cancelled);
        Assert.Empty((await empty.Content.ReadFromJsonAsync<JsonObject>(Cancelled))!["results"]!.AsArray());
    }

    [Fact]
    public async Task Pages_follow_one_another_without_gaps_while_memories_are_added()
    {
        using var client = platform.Memory.Client("rest-2");
        var texts = Enumerable.Range(0, 7).Select(i => $"Note number {i}.").ToList();
        foreach (var text in texts)
        {
            using var stored = await client.PostAsJsonAsync("v1/memories", new { text }, Cancelled);
            stored.EnsureSuccessStatusCode();
        }

        var seen = new List<string>();
        string? cursor = null;
        do
        {
            var page = (await client.GetFromJsonAsync<JsonObject>($"v1/memories?limit=3{(cursor is null ? "" : $"&cursor={cursor}")}", Cancelled))!;
            seen.AddRange(page["memories"]!.AsArray().Select(memory => (string)memory!["text"]!));
            cursor = (string?)page["nextCursor"];
            using var newer = await client.PostAsJsonAsync("v1/memories", new { text = "Added meanwhile." }, Cancelled);
        }
        while (cursor is not null);

        Assert.Equal(texts.AsEnumerable().Reverse(), seen);
    }

    [Fact]
    public async Task Another_users_and_another_tenants_memory_is_not_found()
    {
        using var owner = platform.Memory.Client("rest-3");
        using var stored = await owner.PostAsJsonAsync("v1/memories", new { text = "My locker code is 4711." }, Cancelled);
        var id = (string)(await stored.Content.ReadFromJsonAsync<JsonObject>(Cancelled))!["id"]!;

        foreach (var stranger in new[] { platform.Memory.Client("rest-3b"), platform.Memory.Client("rest-3", tenant: "other") })
        {
            using var read = await stranger.GetAsync($"v1/memories/{id}", Cancelled);
            using var history = await stranger.GetAsync($"v1/memories/{id}/history", Cancelled);
            using var patch = await stranger.PatchAsJsonAsync($"v1/memories/{id}", new { text = "mine" }, Cancelled);
            using var delete = await stranger.DeleteAsync($"v1/memories/{id}", Cancelled);
            using var search = await stranger.PostAsJsonAsync("v1/memories/search", new { query = "locker code" }, Cancelled);
            Assert.All([read, history, patch, delete], response => Assert.Equal(HttpStatusCode.NotFound, response.StatusCode));
            Assert.Empty((await search.Content.ReadFromJsonAsync<JsonObject>(Cancelled))!["results"]!.AsArray());
            stranger.Dispose();
        }

        Assert.Equal("My locker code is 4711.", (string?)(await owner.GetFromJsonAsync<JsonObject>($"v1/memories/{id}", Cancelled))!["text"]);
    }

    [Fact]
    public async Task The_body_cannot_name_another_scope()
    {
        using var client = platform.Memory.Client("rest-4");
        using var stored = await client.PostAsJsonAsync("v1/memories", new { text = "Mine.", user = "rest-4-victim", tenant = "other", userId = "x" }, Cancelled);
        using var victim = platform.Memory.Client("rest-4-victim");

        Assert.Equal(HttpStatusCode.Created, stored.StatusCode);
        Assert.Empty((await victim.GetFromJsonAsync<JsonObject>("v1/memories", Cancelled))!["memories"]!.AsArray());
        Assert.Single((await client.GetFromJsonAsync<JsonObject>("v1/memories", Cancelled))!["memories"]!.AsArray());
    }

    [Theory]
    [InlineData("""{}""", "text")]
    [InlineData("""{"text":"  "}""", "text")]
    [InlineData("""{"text":"a","confidence":1.5}""", "confidence")]
    [InlineData("""{"text":"a","tags":[""]}""", "tags")]
    [InlineData("""{"text":"a","timeToLiveSeconds":-1}""", "timeToLiveSeconds")]
    public async Task A_broken_rule_is_named_by_its_field(string body, string field)
    {
        using var client = platform.Memory.Client("rest-5");
        using var content = new StringContent(body, null, "application/json");
        using var response = await client.PostAsync("v1/memories", content, Cancelled);
        var problem = await response.Content.ReadFromJsonAsync<JsonObject>(Cancelled);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        Assert.NotNull(problem!["errors"]![field]);
    }

    [Fact]
    public async Task Only_a_valid_token_of_the_right_audience_and_scope_is_let_in()
    {
        using var strange = System.Security.Cryptography.ECDsa.Create(System.Security.Cryptography.ECCurve.NamedCurves.nistP256);
        var issuer = platform.Issuer;
        (string Token, int Read, int Write)[] cases =
        [
            ("", 401, 401),
            (issuer.Token("acme", "rest-6", audience: "gateway"), 401, 401),
            (issuer.Token("acme", "rest-6", key: new ECDsaSecurityKey(strange) { KeyId = "test" }), 401, 401),
            (issuer.Token("acme", "rest-6", scope: "memory.read"), 200, 403),
            (issuer.Token("acme", "rest-6", scope: "memory.write"), 403, 201),
            (issuer.Token("acme", "rest-6"), 200, 201),
        ];
        foreach (var (token, read, write) in cases)
        {
            using var client = platform.Memory.Client(token: token);
            using var list = await client.GetAsync("v1/memories", Cancelled);
            using var store = await client.PostAsJsonAsync("v1/memories", new { text = "x" }, Cancelled);
            Assert.Equal((read, write), ((int)list.StatusCode, (int)store.StatusCode));
        }
    }

    [Fact]
    public async Task Metrics_and_health_need_no_token()
    {
        using var client = new HttpClient { BaseAddress = platform.Memory.Address };
        foreach (var path in new[] { "health", "alive", "metrics" })
        {
            using var response = await client.GetAsync(path, Cancelled);
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        }
    }

    [Fact]
    public async Task A_batch_is_stored_whole_or_not_at_all_and_once_per_key()
    {
        using var client = platform.Memory.Client("rest-7");
        var batch = new { memories = Enumerable.Range(0, 20).Select(i => new { text = $"Batch line {i}", sessionId = "s" }).ToList() };
        using var broken = await client.PostAsJsonAsync("v1/memories/batch", new { memories = new object[] { new { text = "fine" }, new { text = "" } } }, Cancelled);
        using var missing = await client.PostAsJsonAsync("v1/memories/batch", new { memories = new object[] { new { text = "fine" }, new { text = "new", supersedes = "nothing" } } }, Cancelled);
        var first = await SendAsync(client, batch, "key-1");
        var second = await SendAsync(client, batch, "key-1");
        var other = await SendAsync(client, new { memories = new[] { new { text = "another" } } }, "key-1");

        Assert.Equal((400, 404), ((int)broken.StatusCode, (int)missing.StatusCode));
        Assert.Equal((201, 201, 412), (first.Status, second.Status, other.Status));
        Assert.Equal(first.Body, second.Body);
        Assert.Equal(20, (await client.GetFromJsonAsync<JsonObject>("v1/memories?limit=500", Cancelled))!["memories"]!.AsArray().Count);

        static async Task<(int Status, string Body)> SendAsync(HttpClient client, object batch, string key)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "v1/memories/batch") { Content = JsonContent.Create(batch), Headers = { { "Idempotency-Key", key } } };
            using var response = await client.SendAsync(request, Cancelled);
            return ((int)response.StatusCode, await response.Content.ReadAsStringAsync(Cancelled));
        }
    }

    [Fact]
    public async Task An_update_needs_the_version_it_was_made_for_and_leaves_a_history()
    {
        using var client = platform.Memory.Client("rest-8");
        using var stored = await client.PostAsJsonAsync("v1/memories", new { text = "The office is in Bonn." }, Cancelled);
        var id = (string)(await stored.Content.ReadFromJsonAsync<JsonObject>(Cancelled))!["id"]!;

        Assert.Equal(200, await PatchAsync("\"1\"", new { text = "The office is in Cologne." }));
        Assert.Equal(412, await PatchAsync("\"1\"", new { text = "The office is in Berlin." }));
        Assert.Equal(200, await PatchAsync(null, new { tags = (string[])["office"] }));
        var history = await client.GetFromJsonAsync<JsonElement>($"v1/memories/{id}/history", Cancelled);
        using var search = await client.PostAsJsonAsync("v1/memories/search", new { query = "Cologne", explain = true }, Cancelled);
        var best = (await search.Content.ReadFromJsonAsync<JsonObject>(Cancelled))!["results"]!.AsArray().Single()!;

        Assert.Equal(
            ["1 created The office is in Bonn.", "2 updated The office is in Cologne.", "3 updated The office is in Cologne."],
            history.GetProperty("versions").EnumerateArray().Select(entry => $"{entry.GetProperty("version")} {entry.GetProperty("action")} {entry.GetProperty("text")}"));
        Assert.Equal(id, (string?)best["memory"]!["id"]);
        Assert.Equal((double)best["score"]!, best["explain"]!.AsObject().Sum(term => (double)term.Value!), 5);

        async Task<int> PatchAsync(string? ifMatch, object change)
        {
            using var request = new HttpRequestMessage(HttpMethod.Patch, $"v1/memories/{id}") { Content = JsonContent.Create(change) };
            if (ifMatch is not null)
            {
                request.Headers.TryAddWithoutValidation("If-Match", ifMatch);
            }

            using var response = await client.SendAsync(request, Cancelled);
            return (int)response.StatusCode;
        }
    }
}
