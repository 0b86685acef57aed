using System.Net.Http.Headers;
using AiInfra.Tests.Gateway;
using AiInfra.Tests.Limits;

namespace AiInfra.Tests.Identity;

/// <summary>The OWASP API Security Top 10 (2023), each item by an attack that is tried and fails.</summary>
[Collection(RedisGroup.Name)]
public sealed class OwaspTests(RedisServer redis)
{
    private static readonly Dictionary<string, (int Status, Func<LimitedGateway, Task<int>> Try)> Attacks = new()
    {
        ["API1 object level: a model that is not granted"] = (404, gateway => PostAsync(gateway, "/v1/chat/completions", """{"model":"secret","messages":[]}""")),
        ["API1 object level: another tenant's key"] = (404, gateway => StatusAsync(gateway.Server.Client.DeleteAsync("/admin/keys/key-0123456789", Cancelled))),
        ["API1 object level: another tenant's usage"] = (404, gateway => StatusAsync(gateway.Server.Client.GetAsync("/admin/usage?tenant=other", Cancelled))),
        ["API2 authentication: a guessed key"] = (401, gateway => WithKeyAsync(gateway, GatewayServer.Key[..^1] + "0")),
        ["API2 authentication: a key in the query"] = (401, async gateway =>
        {
            gateway.Server.Client.DefaultRequestHeaders.Authorization = null;
            return await PostAsync(gateway, $"/v1/chat/completions?api_key={GatewayServer.Key}", "{}");
        }
        ),
        ["API2 authentication: two keys at once"] = (401, gateway => WithKeyAsync(gateway, $"{GatewayServer.Key}, Bearer {GatewayServer.Key}")),
        ["API3 property level: a field twice, for the check and for the engine"] = (400, gateway => PostAsync(
            gateway, "/v1/chat/completions", """{"model":"tiny","messages":[],"max_tokens":1,"max_tokens":100000}""")),
        ["API3 property level: a tenant in the body of an act"] = (401, async gateway =>
        {
            gateway.Server.Admin.DefaultRequestHeaders.Authorization = null;
            return await StatusAsync(gateway.Server.Admin.PostAsync("/admin/keys", GatewayServer.Json("""{"tenant":"other","policy":"default"}"""), Cancelled));
        }
        ),
        ["API4 resources: more tokens than the budget holds"] = (429, gateway => PostAsync(
            gateway, "/v1/chat/completions", """{"model":"tiny","messages":[],"max_tokens":900000000}""")),
        ["API4 resources: many answers in one call"] = (429, gateway => PostAsync(
            gateway, "/v1/chat/completions", """{"model":"tiny","messages":[],"max_tokens":20000,"n":100}""")),
        ["API4 resources: a long query with many documents"] = (429, gateway => PostAsync(
            gateway, "/v1/rerank", $$"""{"model":"tiny","query":"{{new string('q', 2000)}}","documents":[{{string.Join(',', Enumerable.Repeat("\"d\"", 1000))}}]}""")),
        ["API5 function level: administration from outside"] = (404, gateway => StatusAsync(gateway.Server.Client.GetAsync("/admin/keys", Cancelled))),
        ["API5 function level: a caller's key at the admin listener"] = (401, gateway =>
        {
            gateway.Server.Admin.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", GatewayServer.Key);
            return StatusAsync(gateway.Server.Admin.PostAsync("/admin/keys", GatewayServer.Json("""{"tenant":"x"}"""), Cancelled));
        }
        ),
        ["API5 function level: the token service from outside"] = (404, gateway => PostAsync(gateway, "/connect/token", "grant_type=client_credentials")),
        ["API6 business flow: speaking for another user"] = (403, gateway =>
        {
            gateway.Server.Client.DefaultRequestHeaders.Add("x-aiinfra-user", "director");
            return PostAsync(gateway, "/v1/chat/completions", """{"model":"tiny","messages":[]}""");
        }
        ),
        ["API7 request forgery: a media address inside the network"] = (400, gateway => PostAsync(
            gateway, "/v1/chat/completions", """{"model":"tiny","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"http://169.254.169.254/latest"}}]}]}""")),
        ["API7 request forgery: the same in a document to be ranked"] = (400, gateway => PostAsync(
            gateway, "/v1/rerank", """{"model":"tiny","query":"a","documents":{"content":[{"type":"image_url","image_url":{"url":"http://169.254.169.254/latest"}}]}}""")),
        ["API7 request forgery: a file of the server as media"] = (400, gateway => PostAsync(
            gateway, "/v1/chat/completions", """{"model":"tiny","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"file:///etc/passwd"}}]}]}""")),
        ["API7 request forgery: another server as the request's target"] = (400, gateway => RawAsync(
            gateway.Server.PublicPort, $"GET http://169.254.169.254/v1/models HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {GatewayServer.Key}\r\nConnection: close\r\n\r\n")),
        ["API8 misconfiguration: metrics from outside"] = (404, gateway => StatusAsync(gateway.Server.Client.GetAsync("/metrics", Cancelled))),
        ["API8 misconfiguration: DNS rebinding of the public listener"] = (403, gateway => RawAsync(gateway.Server.PublicPort, Rebound)),
        ["API8 misconfiguration: DNS rebinding of the internal listener"] = (403, gateway => RawAsync(gateway.Server.InternalPort, Rebound)),
        ["API8 misconfiguration: DNS rebinding of the admin listener"] = (403, gateway => RawAsync(gateway.Server.AdminPort, Rebound)),
        ["API9 inventory: an engine's endpoint that no key protects"] = (404, gateway => PostAsync(gateway, "/invocations", "{}")),
        ["API9 inventory: a spelling that only the engine understands"] = (404, gateway => PostAsync(gateway, "/v1%2fchat/completions", "{}")),
    };

    private const string Rebound =
        "GET /v1/models HTTP/1.1\r\nHost: attacker.example\r\nAuthorization: Bearer " + GatewayServer.Key + "\r\nConnection: close\r\n\r\n";

    public static TheoryData<string, int> Items
    {
        get
        {
            var items = new TheoryData<string, int>();
            foreach (var (attack, (status, _)) in Attacks)
            {
                items.Add(attack, status);
            }

            return items;
        }
    }

    /// <summary>Every attack of this class with the answer that it gets, for the document.</summary>
    internal static IEnumerable<(string Attack, int Status)> All => Attacks.Select(attack => (attack.Key, attack.Value.Status));

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Items))]
    public async Task An_attack_is_refused_and_no_replica_hears_of_it(string attack, int status)
    {
        await using var gateway = await LimitedGateway.StartAsync(redis, "--Access:Policies:default:Limits:0:Budgets:0:Tokens=1000000");

        Assert.Equal(status, await Attacks[attack].Try(gateway));
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

    private static async Task<int> StatusAsync(Task<HttpResponseMessage> call)
    {
        using var response = await call;
        return (int)response.StatusCode;
    }

    // HTTP/1.1 403 Forbidden
    private static async Task<int> RawAsync(int port, string request) =>
        int.Parse((await RawHttp.SendAsync(port, request)).Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture);

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
