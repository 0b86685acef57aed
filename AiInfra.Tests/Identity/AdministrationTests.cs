using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using AiInfra.Tests.Gateway;
using AiInfra.Tests.Limits;

namespace AiInfra.Tests.Identity;

[Collection(RedisGroup.Name)]
public sealed class AdministrationTests(RedisServer redis)
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_key_is_shown_once_and_works_on_every_gateway_until_it_is_revoked()
    {
        await using var one = await LimitedGateway.StartAsync(redis);
        await using var two = await LimitedGateway.StartAsync(redis);
        var (id, secret) = await CreateAsync(one, "team-a");

        await UntilAsync(two, secret, 200);
        await UntilAsync(one, secret, 200);
        Assert.DoesNotContain(secret, await one.Server.Admin.GetStringAsync("/admin/keys", Cancelled), StringComparison.Ordinal);
        var everything = await redis.Connection.GetDatabase().HashGetAllAsync("aiinfra:keys");
        Assert.DoesNotContain(everything, entry => ((string)entry.Value!).Contains(secret[3..], StringComparison.Ordinal));

        using var revoked = await one.Server.Admin.DeleteAsync($"/admin/keys/{id}", Cancelled);
        Assert.Equal(204, (int)revoked.StatusCode);
        await UntilAsync(two, secret, 401);
        await UntilAsync(one, secret, 401);
    }

    [Fact]
    public async Task Rotation_lets_both_keys_in_for_the_overlap_and_counts_them_as_one()
    {
        await using var gateway = await LimitedGateway.StartAsync(redis);
        var (id, old) = await CreateAsync(gateway, "team-r");

        var created = await RotateAsync(gateway, id, overlapSeconds: 3600);
        var next = (string)created["key"]!;
        await UntilAsync(gateway, next, 200);
        Assert.Equal(200, await StatusAsync(gateway, old));
        Assert.Equal(id, (string)created["details"]!["account"]!);

        await RotateAsync(gateway, id, overlapSeconds: 0);
        await UntilAsync(gateway, old, 401);
        Assert.Equal(200, await StatusAsync(gateway, next));
    }

    [Fact]
    public async Task A_key_that_has_expired_is_refused()
    {
        await using var gateway = await LimitedGateway.StartAsync(redis);
        var (_, living) = await CreateAsync(gateway, "team-e", DateTimeOffset.UtcNow.AddHours(1));
        var (_, expired) = await CreateAsync(gateway, "team-e", DateTimeOffset.UtcNow.AddMinutes(-1));
        var (_, last) = await CreateAsync(gateway, "team-e");

        await UntilAsync(gateway, last, 200);
        Assert.Equal((200, 401), (await StatusAsync(gateway, living), await StatusAsync(gateway, expired)));
    }

    [Fact]
    public async Task Keys_are_taken_where_each_dialects_clients_send_them()
    {
        await using var gateway = await LimitedGateway.StartAsync(redis);
        foreach (var header in new[] { "x-api-key", "api-key" })
        {
            gateway.Server.Client.DefaultRequestHeaders.Authorization = null;
            gateway.Server.Client.DefaultRequestHeaders.Add(header, GatewayServer.Key);
            using var response = await gateway.Server.ChatAsync();
            gateway.Server.Client.DefaultRequestHeaders.Remove(header);

            Assert.Equal(200, (int)response.StatusCode);
        }
    }

    [Fact]
    public async Task A_changed_document_is_in_force_at_once_and_a_lost_update_is_refused()
    {
        await using var own = new DisposableRedis();
        await own.Server.InitializeAsync();
        await using var gateway = await LimitedGateway.StartAsync(own.Server);
        var document = JsonNode.Parse(await gateway.Server.Admin.GetStringAsync("/admin/policies", Cancelled))!;

        document["policies"]!["default"]!["models"] = new JsonArray("other");
        using var changed = await gateway.Server.Admin.PutAsJsonAsync("/admin/policies", document, Cancelled);
        using var denied = await gateway.Server.ChatAsync();
        using var lost = await gateway.Server.Admin.PutAsJsonAsync("/admin/policies", document, Cancelled);
        document["version"] = 1;
        document["policies"]!["default"]!["whenStoreIsAway"] = "hope";
        using var wrong = await gateway.Server.Admin.PutAsJsonAsync("/admin/policies", document, Cancelled);
        var explained = JsonNode.Parse(await gateway.Server.Admin.GetStringAsync("/admin/policies/explain?caller=local&action=POST%20/v1/chat/completions&model=tiny", Cancelled))!;
        var audit = await gateway.Server.Admin.GetStringAsync("/admin/audit", Cancelled);

        Assert.Equal([200, 404, 409, 400], new[] { changed, denied, lost, wrong }.Select(response => (int)response.StatusCode));
        Assert.Equal((false, "Access:Policies:default:Models"), ((bool)explained["allowed"]!, (string)explained["rule"]!));
        Assert.Contains("change policies", audit, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Each_end_user_whom_one_key_serves_has_a_limit_of_its_own()
    {
        await using var gateway = await LimitedGateway.StartAsync(
            redis, "--Access:Policies:default:ActFor=true", "--Access:Policies:default:Limits:0:Per=user", "--Access:Policies:default:Limits:0:RequestsPerMinute=1");
        var statuses = new List<int>();
        foreach (var user in new[] { "grace", "grace", "alan" })
        {
            gateway.Server.Client.DefaultRequestHeaders.Remove("x-aiinfra-user");
            gateway.Server.Client.DefaultRequestHeaders.Add("x-aiinfra-user", user);
            using var response = await gateway.Server.ChatAsync();
            statuses.Add((int)response.StatusCode);
        }

        Assert.Equal([200, 429, 200], statuses);
    }

    [Fact]
    public async Task An_end_user_is_named_by_grant_only()
    {
        await using var gateway = await LimitedGateway.StartAsync(redis);
        await using var granted = await LimitedGateway.StartAsync(redis, "--Access:Policies:default:ActFor=true");
        foreach (var server in new[] { gateway, granted })
        {
            server.Server.Client.DefaultRequestHeaders.Add("x-aiinfra-user", "grace");
        }

        using var refused = await gateway.Server.ChatAsync();
        using var served = await granted.Server.ChatAsync();

        Assert.Equal([403, 200], new[] { refused, served }.Select(response => (int)response.StatusCode));
        Assert.Equal("grace", (await granted.BooksAsync()).User);
    }

    [Fact]
    public async Task The_books_are_shown_as_json_and_csv()
    {
        await using var gateway = await LimitedGateway.StartAsync(redis);
        using var response = await gateway.Server.ChatAsync();
        await gateway.BooksAsync();

        var json = await gateway.Server.Admin.GetStringAsync($"/admin/usage?tenant={gateway.Tenant}", Cancelled);
        var csv = await gateway.Server.Admin.GetStringAsync($"/admin/usage?tenant={gateway.Tenant}&format=csv", Cancelled);

        Assert.Contains("\"promptTokens\":5,\"cachedTokens\":0,\"completionTokens\":2", json, StringComparison.Ordinal);
        Assert.Contains(",local,local,tiny,1,5,0,2,0,0,", csv, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Administration_is_for_the_admin_listener_and_its_key()
    {
        await using var gateway = await LimitedGateway.StartAsync(redis);
        using var outside = await gateway.Server.Client.GetAsync("/admin/keys", Cancelled);
        using var inside = await gateway.Server.Internal.GetAsync("/admin/keys", Cancelled);
        gateway.Server.Admin.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", GatewayServer.Key);
        using var callersKey = await gateway.Server.Admin.GetAsync("/admin/keys", Cancelled);
        gateway.Server.Admin.DefaultRequestHeaders.Authorization = null;
        using var none = await gateway.Server.Admin.GetAsync("/admin/keys", Cancelled);

        Assert.Equal([404, 404, 401, 401], new[] { outside, inside, callersKey, none }.Select(response => (int)response.StatusCode));
    }

    private static async Task<JsonNode> RotateAsync(LimitedGateway gateway, string id, int overlapSeconds)
    {
        using var response = await gateway.Server.Admin.PostAsJsonAsync($"/admin/keys/{id}/rotate", new { overlapSeconds }, Cancelled);
        Assert.Equal(201, (int)response.StatusCode);
        return JsonNode.Parse(await response.Content.ReadAsStringAsync(Cancelled))!;
    }

    private static async Task<(string Id, string Secret)> CreateAsync(LimitedGateway gateway, string tenant, DateTimeOffset? expiresAt = null)
    {
        using var response = await gateway.Server.Admin.PostAsJsonAsync("/admin/keys", new { tenant, user = "ada", expiresAt }, Cancelled);
        Assert.Equal(201, (int)response.StatusCode);
        using var created = JsonDocument.Parse(await response.Content.ReadAsStringAsync(Cancelled));
        return (created.RootElement.GetProperty("details").GetProperty("id").GetString()!, created.RootElement.GetProperty("key").GetString()!);
    }

    private static async Task<int> StatusAsync(LimitedGateway gateway, string key)
    {
        gateway.Server.Client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        using var response = await gateway.Server.ChatAsync();
        return (int)response.StatusCode;
    }

    private static async Task UntilAsync(LimitedGateway gateway, string key, int status)
    {
        var last = 0;
        for (var attempt = 0; attempt < 200; attempt++)
        {
            last = await StatusAsync(gateway, key);
            if (last == status)
            {
                return;
            }

            await Task.Delay(20, Cancelled);
        }

        Assert.Equal(status, last);
    }

    private sealed class DisposableRedis : IAsyncDisposable
    {
        public RedisServer Server { get; } = new();

        public ValueTask DisposeAsync() => Server.DisposeAsync();
    }
}
