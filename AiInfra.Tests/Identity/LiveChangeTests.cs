using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using AiInfra.Tests.Gateway;
using AiInfra.Tests.Limits;
using AiInfra.Tests.Memory;

namespace AiInfra.Tests.Identity;

/// <summary>Keys and policies change while two gateways are under load: nobody is wrongly refused, nobody wrongly let in.</summary>
[Collection(RedisGroup.Name)]
public sealed class LiveChangeTests(RedisServer redis)
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_revoked_key_ends_on_every_gateway_and_no_other_key_notices()
    {
        await using var one = await LimitedGateway.StartAsync(redis);
        await using var two = await LimitedGateway.StartAsync(redis);
        LimitedGateway[] gateways = [one, two];
        var (id, leaving) = await CreateAsync(one);
        var (_, staying) = await CreateAsync(one);
        foreach (var gateway in gateways)
        {
            await WaitUntil.TrueAsync(async () => await StatusAsync(gateway, leaving) == 200 && await StatusAsync(gateway, staying) == 200, Cancelled);
        }

        using var over = CancellationTokenSource.CreateLinkedTokenSource(Cancelled);
        var load = gateways.SelectMany(gateway => Enumerable.Range(0, 2).Select(_ => AnswersAsync(gateway, staying, over.Token))).ToList();
        var watches = gateways.Select(gateway => UntilRefusedAsync(gateway, leaving)).ToList();
        using var revoked = await one.Server.Admin.DeleteAsync($"/admin/keys/{id}", Cancelled);
        await Task.WhenAll(watches);
        // Once refused it stays refused, while the others go on.
        foreach (var gateway in gateways)
        {
            for (var call = 0; call < 20; call++)
            {
                Assert.Equal(401, await StatusAsync(gateway, leaving));
            }
        }

        await over.CancelAsync();
        var answers = (await Task.WhenAll(load)).SelectMany(statuses => statuses).ToList();
        Assert.NotEmpty(answers);
        Assert.All(answers, status => Assert.Equal(200, status));
    }

    [Fact]
    public async Task A_rotated_key_and_its_successor_are_never_both_refused()
    {
        await using var one = await LimitedGateway.StartAsync(redis);
        await using var two = await LimitedGateway.StartAsync(redis);
        LimitedGateway[] gateways = [one, two];
        var (id, key) = await CreateAsync(one);
        foreach (var gateway in gateways)
        {
            await WaitUntil.TrueAsync(async () => await StatusAsync(gateway, key) == 200, Cancelled);
        }

        using var over = CancellationTokenSource.CreateLinkedTokenSource(Cancelled);
        var current = key;
        // A client that takes the new key as soon as it works everywhere.
        var load = gateways.Select(gateway => Task.Run(async () =>
        {
            var statuses = new List<int>();
            while (!over.IsCancellationRequested)
            {
                statuses.Add(await StatusAsync(gateway, Volatile.Read(ref current)));
            }

            return statuses;
        })).ToList();
        for (var rotation = 0; rotation < 3; rotation++)
        {
            using var response = await one.Server.Admin.PostAsJsonAsync($"/admin/keys/{id}/rotate", new { overlapSeconds = 3600 }, Cancelled);
            var created = JsonNode.Parse(await response.Content.ReadAsStringAsync(Cancelled))!;
            var next = (string)created["key"]!;
            foreach (var gateway in gateways)
            {
                await WaitUntil.TrueAsync(async () => await StatusAsync(gateway, next) == 200, Cancelled);
            }

            Volatile.Write(ref current, next);
            id = (string)created["details"]!["id"]!;
        }

        await over.CancelAsync();
        Assert.All((await Task.WhenAll(load)).SelectMany(statuses => statuses), status => Assert.Equal(200, status));
    }

    [Fact]
    public async Task A_new_document_of_policies_replaces_the_old_one_whole()
    {
        var own = new RedisServer();
        await own.InitializeAsync();
        await using var store = own;
        await using var one = await LimitedGateway.StartAsync(own);
        await using var two = await LimitedGateway.StartAsync(own);
        LimitedGateway[] gateways = [one, two];
        using var over = CancellationTokenSource.CreateLinkedTokenSource(Cancelled);
        // What the policies grant in every version is granted in every moment, and what none grants in none.
        var granted = gateways.Select(gateway => AnswersAsync(gateway, GatewayServer.Key, over.Token)).ToList();
        var denied = gateways.Select(gateway => AnswersAsync(gateway, GatewayServer.Key, over.Token, path: "/v1/embeddings")).ToList();

        for (var version = 0; version < 10; version++)
        {
            var document = JsonNode.Parse(await one.Server.Admin.GetStringAsync("/admin/policies", Cancelled))!;
            document["policies"] = JsonNode.Parse($$"""
                {
                  "default": { "endpoints": ["/v1/chat/completions"], "models": {{(version % 2 == 0 ? """["tiny"]""" : """["*"]""")}} },
                  "other{{version}}": { "endpoints": ["*"], "models": ["*"] }
                }
                """);
            using var changed = await one.Server.Admin.PutAsJsonAsync("/admin/policies", document, Cancelled);
            Assert.Equal(200, (int)changed.StatusCode);
            foreach (var gateway in gateways)
            {
                await WaitUntil.TrueAsync(
                    async () => (await gateway.Server.Admin.GetStringAsync("/admin/policies", Cancelled)).Contains($"\"other{version}\"", StringComparison.Ordinal), Cancelled);
            }
        }

        await over.CancelAsync();
        Assert.All((await Task.WhenAll(granted)).SelectMany(statuses => statuses), status => Assert.Equal(200, status));
        // The documents of the gateways' configuration grant every endpoint; from the first stored document on none does.
        Assert.All((await Task.WhenAll(denied)).Select(statuses => statuses.SkipWhile(status => status != 403)), statuses => Assert.All(statuses, status => Assert.Equal(403, status)));
    }

    // How soon is for the benchmarks (limits, authentication) to say; here it must come to pass.
    private static Task UntilRefusedAsync(LimitedGateway gateway, string key) => WaitUntil.TrueAsync(
        async () =>
        {
            var status = await StatusAsync(gateway, key);
            Assert.True(status is 200 or 401);
            return status == 401;
        },
        Cancelled);

    private static Task<List<int>> AnswersAsync(LimitedGateway gateway, string key, CancellationToken over, string path = "/v1/chat/completions") => Task.Run(async () =>
    {
        var statuses = new List<int>();
        while (!over.IsCancellationRequested)
        {
            statuses.Add(await StatusAsync(gateway, key, path));
        }

        return statuses;
    });

    private static async Task<int> StatusAsync(LimitedGateway gateway, string key, string path = "/v1/chat/completions")
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path)
        {
            Content = GatewayServer.Json("""{"model":"tiny","messages":[{"role":"user","content":"Hi"}],"input":"Hi","stream":false}"""),
        };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        using var response = await gateway.Server.Client.SendAsync(request, Cancelled);
        return (int)response.StatusCode;
    }

    private static async Task<(string Id, string Secret)> CreateAsync(LimitedGateway gateway)
    {
        using var response = await gateway.Server.Admin.PostAsJsonAsync("/admin/keys", new { tenant = "team-l", user = "ada" }, Cancelled);
        var created = JsonNode.Parse(await response.Content.ReadAsStringAsync(Cancelled))!;
        return ((string)created["details"]!["id"]!, (string)created["key"]!);
    }
}
