using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using AiInfra.MemoryService.Embeddings;
using AiInfra.Tests.Fixtures;
using AiInfra.Tests.Memory;
using Aspire.Hosting.Testing;

namespace AiInfra.Tests.Acceptance;

/// <summary>Acceptance case 1: ChromaDB and the memory service are connected; services find each other; load is balanced.</summary>
[Collection(PlatformCollection.Name)]
public sealed class ServiceIntegrationTests(PlatformFixture platform)
{
    private const string Database = "/api/v2/tenants/default_tenant/databases/default_database/collections";

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_stored_memory_is_read_back_from_Chroma_as_the_models_own_vector()
    {
        const string text = "The staging cluster is rebuilt every Thursday night.";
        using var client = platform.CreateClient();
        using var stored = await client.PostAsJsonAsync("/v1/memories", new { text }, Cancelled);
        var id = (await stored.Content.ReadFromJsonAsync<JsonObject>(Cancelled))!["id"]!.GetValue<string>();

        float[]? inChroma = null;
        await WaitUntil.TrueAsync(async () => (inChroma = await VectorInChromaAsync(id)) is not null, Cancelled);

        var folder = RepositoryPaths.Models(ModelFiles.Name);
        using var model = new MiniLmEmbeddingGenerator(Path.Combine(folder, "model.onnx"), new WordPieces(Path.Combine(folder, "vocab.txt")), 1);
        var (_, expected, _) = model.Run(text);
        Assert.Equal(384, inChroma!.Length);
        Assert.All(expected.Zip(inChroma), pair => Assert.Equal(pair.First, pair.Second, 1e-4f));
    }

    [Fact]
    public async Task Gateway_and_memory_find_each_other_by_name()
    {
        // To the gateway the memory service is "memory", to that one the gateway's keys lie at "gateway": without either there is no answer.
        using var client = platform.CreateClient();
        using var memories = await client.GetAsync("/v1/memories", Cancelled);
        Assert.Equal(200, (int)memories.StatusCode);

        // And the pool's name stands for as many addresses as there are replicas.
        using var admin = new HttpClient { BaseAddress = platform.GatewayAdmin };
        admin.DefaultRequestHeaders.Authorization = new("Bearer", platform.AdminKey);
        var replicas = (await admin.GetFromJsonAsync<JsonObject>("/admin/replicas", Cancelled))!["replicas"]!.AsArray();
        string[] ports = [.. new[] { "vllm0", "vllm1" }.Select(name => $"{platform.App.GetEndpoint(name, "http").Port}")];
        Assert.Equal(2, replicas.Count);
        Assert.All(ports, port => Assert.Contains(replicas, replica => ((string)replica!["id"]!).EndsWith(port, StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Both_replicas_that_discovery_names_answer_chats()
    {
        using var client = platform.CreateClient();
        using var replicas = new HttpClient();
        var before = await AnsweredAsync(replicas);
        var (after, sent) = (before, 0);

        // Together, so that each is routed while others run; prompts without a common prefix, so that no cache ties them to one replica. On a
        // busy machine they come one by one all the same, each to the replica that has been the faster one: then more are sent.
        for (var clock = Stopwatch.StartNew(); after.Zip(before).Any(pair => pair.First == pair.Second);)
        {
            Assert.True(clock.Elapsed < TimeSpan.FromSeconds(60), $"One replica answered every one of {sent} chats.");
            var answers = await Task.WhenAll(Enumerable.Range(0, 32).Select(async _ =>
            {
                var prompt = string.Concat(Enumerable.Repeat($"{Guid.NewGuid()} ", 50));
                using var answer = await client.PostAsJsonAsync(
                    "/v1/chat/completions", new { model = platform.Model, max_tokens = 64, messages = new[] { new { role = "user", content = prompt } } }, Cancelled);
                return (int)answer.StatusCode;
            }));
            Assert.All(answers, status => Assert.Equal(200, status));
            sent += answers.Length;
            after = await AnsweredAsync(replicas);
            Assert.Equal(sent, after.Sum() - before.Sum());
        }
    }

    private async Task<float[]?> VectorInChromaAsync(string id)
    {
        using var chroma = new HttpClient { BaseAddress = platform.Chroma };
        foreach (var collection in (await chroma.GetFromJsonAsync<JsonArray>(Database, Cancelled))!)
        {
            using var response = await chroma.PostAsJsonAsync(
                $"{Database}/{collection!["id"]}/get", new { ids = new[] { id }, include = new[] { "embeddings" } }, Cancelled);
            var found = await response.Content.ReadFromJsonAsync<JsonObject>(Cancelled);
            if (found!["embeddings"] is JsonArray { Count: 1 } vectors && vectors[0] is JsonArray vector)
            {
                return [.. vector.Select(value => value!.GetValue<float>())];
            }
        }

        return null;
    }

    private async Task<List<double>> AnsweredAsync(HttpClient client)
    {
        var counts = new List<double>();
        foreach (var replica in new[] { "vllm0", "vllm1" })
        {
            var metrics = await client.GetStringAsync(new Uri(platform.App.GetEndpoint(replica, "http"), "/metrics"), Cancelled);
            counts.Add(metrics.Split('\n')
                .Where(line => line.StartsWith("vllm:request_success_total", StringComparison.Ordinal))
                .Sum(line => double.Parse(line[(line.LastIndexOf(' ') + 1)..], System.Globalization.CultureInfo.InvariantCulture)));
        }

        return counts;
    }
}
