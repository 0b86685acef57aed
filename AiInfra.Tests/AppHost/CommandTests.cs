using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using AiInfra.Tests.Fixtures;

namespace AiInfra.Tests.AppHost;

/// <summary>The commands that Aspire's dashboard shows as buttons, given to the running platform.</summary>
[Collection(PlatformCollection.Name)]
public sealed class CommandTests(PlatformFixture platform)
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_replica_is_drained_and_takes_requests_again()
    {
        var replica = platform.Resources.Single(resource => resource.Name == "vllm1");
        try
        {
            var drained = await platform.App.ResourceCommands.ExecuteCommandAsync(replica, "drain", Cancelled);

            Assert.True(drained.Success, drained.Message);
            Assert.Contains("Draining", await StatesAsync());
        }
        finally
        {
            Assert.True((await platform.App.ResourceCommands.ExecuteCommandAsync(replica, "undrain", Cancelled)).Success);
        }

        Assert.DoesNotContain("Draining", await StatesAsync());
    }

    [Fact]
    public async Task The_index_is_rebuilt_from_the_records()
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancelled);
        limit.CancelAfter(TimeSpan.FromSeconds(90));
        using var client = platform.CreateClient();
        var first = await StoreAsync(client, "The rebuild test likes brass instruments.", limit.Token);
        await UntilAsync(ids => ids.Contains(first), limit.Token);

        var chroma = platform.Resources.Single(resource => resource.Name == "chroma");
        var rebuilt = await platform.App.ResourceCommands.ExecuteCommandAsync(chroma, "rebuild-index", limit.Token);
        Assert.True(rebuilt.Success, rebuilt.Message);
        var second = await StoreAsync(client, "The rebuild test likes string instruments.", limit.Token);

        await UntilAsync(ids => ids.Contains(first) && ids.Contains(second), limit.Token);
        foreach (var id in new[] { first, second })
        {
            using var deleted = await client.DeleteAsync(new Uri($"/v1/memories/{id}", UriKind.Relative), limit.Token);
        }
    }

    private static async Task<string> StoreAsync(HttpClient client, string text, CancellationToken cancellationToken)
    {
        using var stored = await client.PostAsJsonAsync("/v1/memories", new { text }, cancellationToken);
        var body = await stored.Content.ReadFromJsonAsync<JsonElement>(cancellationToken);
        return body.GetProperty("id").GetString() ?? throw new InvalidOperationException($"{body}");
    }

    // What Chroma itself holds, in every collection of the memory service.
    private async Task UntilAsync(Predicate<HashSet<string>> reached, CancellationToken cancellationToken)
    {
        using var chroma = new HttpClient { BaseAddress = new Uri(platform.Chroma, "/api/v2/tenants/default_tenant/databases/default_database/") };
        while (true)
        {
            var ids = new HashSet<string>();
            foreach (var collection in (await chroma.GetFromJsonAsync<JsonElement>("collections?limit=1000", cancellationToken)).EnumerateArray())
            {
                using var got = await chroma.PostAsJsonAsync($"collections/{collection.GetProperty("id").GetString()}/get", new { limit = 1000 }, cancellationToken);
                // Between the list and the question a collection may have gone.
                if (got.IsSuccessStatusCode && (await got.Content.ReadFromJsonAsync<JsonElement>(cancellationToken)).TryGetProperty("ids", out var found))
                {
                    ids.UnionWith(found.EnumerateArray().Select(id => id.GetString()!));
                }
            }

            if (reached(ids))
            {
                return;
            }

            await Task.Delay(100, cancellationToken);
        }
    }

    private async Task<List<string>> StatesAsync()
    {
        using var client = new HttpClient { BaseAddress = platform.GatewayAdmin };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", platform.AdminKey);
        var replicas = await client.GetFromJsonAsync<JsonElement>("/admin/replicas", Cancelled);
        return [.. replicas.GetProperty("replicas").EnumerateArray().Select(replica => replica.GetProperty("state").GetString()!)];
    }
}
