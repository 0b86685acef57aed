using System.Net.Http.Json;
using System.Text.Json.Nodes;
using AiInfra.Tests.Limits;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace AiInfra.Tests.Identity;

/// <summary>The admin API's description, and the audit of what is done through it.</summary>
[Collection(RedisGroup.Name)]
public sealed class AdminApiTests(RedisServer redis)
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_description_names_every_admin_endpoint_and_no_other()
    {
        await using var gateway = await LimitedGateway.StartAsync(redis);
        var description = JsonNode.Parse(await gateway.Server.Admin.GetStringAsync("/admin/openapi.json", Cancelled))!;
        var described = description["paths"]!.AsObject()
            .SelectMany(path => path.Value!.AsObject().Select(operation => $"{operation.Key.ToUpperInvariant()} {path.Key}"));

        var served = gateway.Server.App.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Where(endpoint => endpoint.RoutePattern.RawText!.StartsWith("/admin/", StringComparison.Ordinal) && !endpoint.RoutePattern.RawText.EndsWith("openapi.json", StringComparison.Ordinal))
            .SelectMany(endpoint => endpoint.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods.Select(method => $"{method} {endpoint.RoutePattern.RawText}"));
        Assert.Equal(served.Order(StringComparer.Ordinal), described.Order(StringComparer.Ordinal));
        Assert.Contains("GET /admin/usage", described);
        Assert.Equal("bearer", (string)description["components"]!["securitySchemes"]!["admin"]!["scheme"]!);
        Assert.NotNull(description["components"]!["schemas"]!["AccessOptions"]);

        gateway.Server.Admin.DefaultRequestHeaders.Authorization = null;
        using var without = await gateway.Server.Admin.GetAsync("/admin/openapi.json", Cancelled);
        using var outside = await gateway.Server.Client.GetAsync("/admin/openapi.json", Cancelled);
        Assert.Equal((401, 404), ((int)without.StatusCode, (int)outside.StatusCode));
    }

    [Fact]
    public async Task The_audit_grows_and_nothing_takes_an_administrators_act_out_of_it()
    {
        await using var gateway = await LimitedGateway.StartAsync(redis, "--Access:Policies:default:Endpoints:0=/v1/chat/completions");
        using var created = await gateway.Server.Admin.PostAsJsonAsync("/admin/keys", new { tenant = "team-x" }, Cancelled);
        var replica = new Uri(gateway.Replica.Address).Authority;
        using var drained = await gateway.Server.Admin.PostAsync($"/admin/replicas/{replica}/drain", null, Cancelled);
        using var back = await gateway.Server.Admin.DeleteAsync($"/admin/replicas/{replica}/drain", Cancelled);
        using var stranger = new HttpClient { BaseAddress = gateway.Server.Admin.BaseAddress };
        using var refused = await stranger.DeleteAsync($"/admin/keys/{gateway.Tenant}", Cancelled);
        var id = (string)JsonNode.Parse(await created.Content.ReadAsStringAsync(Cancelled))!["details"]!["id"]!;
        for (var call = 0; call < 50; call++)
        {
            using var denied = await gateway.Server.PostAsync("/v1/embeddings", "{}");
            Assert.Equal(403, (int)denied.StatusCode);
        }

        foreach (var method in new[] { HttpMethod.Delete, HttpMethod.Put, HttpMethod.Post, HttpMethod.Patch })
        {
            using var request = new HttpRequestMessage(method, "/admin/audit");
            using var response = await gateway.Server.Admin.SendAsync(request, Cancelled);
            Assert.Equal(405, (int)response.StatusCode);
        }

        JsonArray entries = [];
        await Memory.WaitUntil.TrueAsync(
            async () =>
            {
                entries = JsonNode.Parse(await gateway.Server.Admin.GetStringAsync("/admin/audit?last=10000", Cancelled))!["entries"]!.AsArray();
                return entries.Any(entry => (string)entry!["kind"]! == "denial" && (string)entry["action"]! == $"DELETE /admin/keys/{gateway.Tenant}");
            },
            Cancelled);
        Assert.Equal(["drain replica", "take back replica"], entries.Where(entry => (string)entry!["subject"]! == replica).Select(entry => (string)entry!["action"]!));
        Assert.Contains(entries, entry => (string)entry!["action"]! == "create key" && (string)entry["subject"]! == id);
        var times = entries.Select(entry => (DateTimeOffset)entry!["at"]!).ToList();
        Assert.Equal(times.Order(), times);
    }
}
