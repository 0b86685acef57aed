using System.Net.Http.Headers;
using AiInfra.Tests.Gateway;
using AiInfra.Tests.Limits;

namespace AiInfra.Tests.Identity;

/// <summary>The OWASP API Security Top 10 (2023), each item by an attack that is tried and fails.</summary>
[Collection(RedisGroup.Name)]
public sealed class OwaspTests(RedisServer redis)
{
    private static readonly Dictionary<string, Func<LimitedGateway, Task<int>>> Attacks = new()
    {
        ["API1 object level: a model that is not granted"] = gateway => PostAsync(gateway, "/v1/chat/completions", """{"model":"secret","messages":[]}"""),
        ["API2 authentication: a guessed key"] = gateway => WithKeyAsync(gateway, GatewayServer.Key[..^1] + "0"),
        ["API2 authentication: a key in the query"] = async gateway =>
        {
            gateway.Server.Client.DefaultRequestHeaders.Authorization = null;
            return await PostAsync(gateway, $"/v1/chat/completions?api_key={GatewayServer.Key}", "{}");
        },
        ["API2 authentication: two keys at once"] = gateway => WithKeyAsync(gateway, $"{GatewayServer.Key}, Bearer {GatewayServer.Key}"),
        ["API3 property level: a field twice, for the check and for the engine"] = gateway => PostAsync(
            gateway, "/v1/chat/completions", """{"model":"tiny","messages":[],"max_tokens":1,"max_tokens":100000}"""),
        ["API4 resources: more tokens than the budget holds"] = gateway => PostAsync(
            gateway, "/v1/chat/completions", """{"model":"tiny","messages":[],"max_tokens":900000000}"""),
        ["API4 resources: many answers in one call"] = gateway => PostAsync(
            gateway, "/v1/chat/completions", """{"model":"tiny","messages":[],"max_tokens":1000,"n":90000}"""),
        ["API5 function level: administration from outside"] = async gateway =>
            (int)(await gateway.Server.Client.GetAsync("/admin/keys", Cancelled)).StatusCode,
        ["API5 function level: a caller's key at the admin listener"] = async gateway =>
        {
            gateway.Server.Admin.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", GatewayServer.Key);
            return (int)(await gateway.Server.Admin.PostAsync("/admin/keys", GatewayServer.Json("""{"tenant":"x"}"""), Cancelled)).StatusCode;
        },
        ["API6 business flow: speaking for another user"] = gateway =>
        {
            gateway.Server.Client.DefaultRequestHeaders.Add("x-aiinfra-user", "director");
            return PostAsync(gateway, "/v1/chat/completions", """{"model":"tiny","messages":[]}""");
        },
        ["API7 request forgery: a media address inside the network"] = gateway => PostAsync(
            gateway, "/v1/chat/completions", """{"model":"tiny","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"http://169.254.169.254/latest"}}]}]}"""),
        ["API8 misconfiguration: metrics from outside"] = async gateway => (int)(await gateway.Server.Client.GetAsync("/metrics", Cancelled)).StatusCode,
        ["API9 inventory: an engine's endpoint that no key protects"] = gateway => PostAsync(gateway, "/invocations", "{}"),
        ["API9 inventory: a spelling that only the engine understands"] = gateway => PostAsync(gateway, "/v1%2fchat/completions", "{}"),
    };

    public static TheoryData<string, int> Items => new()
    {
        { "API1 object level: a model that is not granted", 404 },
        { "API2 authentication: a guessed key", 401 },
        { "API2 authentication: a key in the query", 401 },
        { "API2 authentication: two keys at once", 401 },
        { "API3 property level: a field twice, for the check and for the engine", 400 },
        { "API4 resources: more tokens than the budget holds", 429 },
        { "API4 resources: many answers in one call", 429 },
        { "API5 function level: administration from outside", 404 },
        { "API5 function level: a caller's key at the admin listener", 401 },
        { "API6 business flow: speaking for another user", 403 },
        { "API7 request forgery: a media address inside the network", 400 },
        { "API8 misconfiguration: metrics from outside", 404 },
        { "API9 inventory: an engine's endpoint that no key protects", 404 },
        { "API9 inventory: a spelling that only the engine understands", 404 },
    };

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Items))]
    public async Task An_attack_is_refused_and_no_replica_hears_of_it(string attack, int status)
    {
        await using var gateway = await LimitedGateway.StartAsync(redis, "--Access:Policies:default:Limits:0:Budgets:0:Tokens=1000000");

        Assert.Equal(status, await Attacks[attack](gateway));
        Assert.Empty(gateway.Replica.Requests);
    }

    [Fact]
    public async Task API10_unsafe_upstream_a_replica_that_sends_elsewhere_is_not_followed()
    {
        await using var gateway = await LimitedGateway.StartAsync(redis);
        await using var elsewhere = await ScriptedVllm.StartAsync();
        gateway.Replica.Script = (context, _) =>
        {
            context.Response.StatusCode = 307;
            context.Response.Headers.Location = $"{elsewhere.Address}/v1/chat/completions";
            return Task.CompletedTask;
        };

        using var response = await gateway.Server.ChatAsync();

        Assert.True((int)response.StatusCode >= 500);
        Assert.Empty(elsewhere.Requests);
    }

    private static async Task<int> PostAsync(LimitedGateway gateway, string path, string body)
    {
        using var response = await gateway.Server.PostAsync(path, body);
        return (int)response.StatusCode;
    }

    private static Task<int> WithKeyAsync(LimitedGateway gateway, string key)
    {
        gateway.Server.Client.DefaultRequestHeaders.Remove("Authorization");
        gateway.Server.Client.DefaultRequestHeaders.TryAddWithoutValidation("Authorization", $"Bearer {key}");
        return PostAsync(gateway, "/v1/chat/completions", """{"model":"tiny","messages":[]}""");
    }
}
