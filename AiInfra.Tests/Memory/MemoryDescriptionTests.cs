using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using AiInfra.MemoryService;
using AiInfra.Tests.Fixtures;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace AiInfra.Tests.Memory;

/// <summary>The memory API's description.</summary>
public sealed class MemoryDescriptionTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_description_names_every_endpoint_of_the_memory_api_and_no_other()
    {
        await using var issuer = await TestIssuer.StartAsync(Cancelled);
        var address = new Uri($"http://127.0.0.1:{FreePorts.Next()}");
        await using var service = MemoryApp.Build(
        [
            $"--contentRoot={_folder.At("")}", $"--urls={address}", $"--Memory:DataFolder={_folder.At("memory")}", $"--services:gateway:internal:0={issuer.Address}",
            $"--Embeddings:ModelFolder={RepositoryPaths.Models("all-minilm-l6-v2")}",
        ]);
        await service.StartAsync(Cancelled);
        using var client = new HttpClient { BaseAddress = address };
        using var without = await client.GetAsync("v1/memories/openapi.json", Cancelled);
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", issuer.Token("acme", "ann"));
        var description = JsonNode.Parse(await client.GetStringAsync("v1/memories/openapi.json", Cancelled))!;

        var described = description["paths"]!.AsObject().SelectMany(path => path.Value!.AsObject().Select(operation => $"{operation.Key.ToUpperInvariant()} {path.Key}"));
        var served = service.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Select(endpoint => (Path: $"/{endpoint.RoutePattern.RawText!.Trim('/')}", endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods))
            .Where(endpoint => (endpoint.Path.StartsWith("/v1/", StringComparison.Ordinal) || endpoint.Path.StartsWith("/admin/", StringComparison.Ordinal)) && !endpoint.Path.EndsWith("openapi.json", StringComparison.Ordinal))
            .SelectMany(endpoint => endpoint.HttpMethods!.Select(method => $"{method} {endpoint.Path}"));
        Assert.Equal(served.Order(StringComparer.Ordinal), described.Order(StringComparer.Ordinal));
        Assert.Contains("POST /v1/memories/search", described);
        var schemas = description["components"]!["schemas"]!.AsObject();
        Assert.NotNull(schemas["SearchRequest"]!["properties"]!["query"]);
        Assert.NotNull(schemas["MetadataFilter"]!["properties"]!["not"]);
        Assert.Equal("bearer", (string)description["components"]!["securitySchemes"]!["memory"]!["scheme"]!);
        Assert.Equal(401, (int)without.StatusCode);
    }

    public void Dispose() => _folder.Dispose();
}
