using System.Net.Http.Json;
using System.Text.Json.Nodes;
using ModelContextProtocol.Protocol;

namespace AiInfra.Tests.Memory;

[Collection(MemoryPlatformTests.Name)]
public sealed class MemoryMcpTests(MemoryPlatform platform)
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_memory_stored_by_rest_is_found_by_mcp_in_other_words()
    {
        using var rest = platform.Memory.Client("mcp-1");
        foreach (var text in new[] { "We chose PostgreSQL for billing because of its transactions.", "Lunch is at noon.", "The cat sleeps on the router." })
        {
            using var stored = await rest.PostAsJsonAsync("v1/memories", new { text }, Cancelled);
            stored.EnsureSuccessStatusCode();
        }

        await using var mcp = await platform.Memory.McpClientAsync(Cancelled, "mcp-1");
        var result = await mcp.CallToolAsync("retrieve_memories", new Dictionary<string, object?> { ["query"] = "Which database keeps the invoices?", ["limit"] = 1 }, cancellationToken: Cancelled);

        Assert.NotEqual(true, result.IsError);
        Assert.StartsWith("We chose PostgreSQL", (string?)Structured(result)["results"]![0]!["memory"]!["text"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_memory_stored_by_mcp_is_read_by_rest()
    {
        await using var mcp = await platform.Memory.McpClientAsync(Cancelled, "mcp-2");
        var result = await mcp.CallToolAsync("store_memory", new Dictionary<string, object?> { ["text"] = "Deploys happen on Tuesdays.", ["tags"] = (string[])["ops"] }, cancellationToken: Cancelled);
        using var rest = platform.Memory.Client("mcp-2");
        var memory = await rest.GetFromJsonAsync<JsonObject>($"v1/memories/{Structured(result)["id"]}", Cancelled);

        Assert.Equal("Deploys happen on Tuesdays.", (string?)memory!["text"]);
        Assert.Equal("ops", (string?)memory["tags"]![0]);
    }

    [Fact]
    public async Task Tools_say_honestly_what_they_do()
    {
        await using var mcp = await platform.Memory.McpClientAsync(Cancelled, "mcp-3");
        var tools = (await mcp.ListToolsAsync(cancellationToken: Cancelled)).ToDictionary(tool => tool.Name, tool => tool.ProtocolTool);

        Assert.Equal((false, false), (tools["store_memory"].Annotations!.ReadOnlyHint, tools["store_memory"].Annotations!.DestructiveHint));
        Assert.True(tools["retrieve_memories"].Annotations!.ReadOnlyHint);
        Assert.All(tools.Values, tool => Assert.NotNull(tool.OutputSchema));
        Assert.All(tools.Values, tool => Assert.DoesNotContain("ClaimsPrincipal", tool.InputSchema.ToString(), StringComparison.OrdinalIgnoreCase));
        Assert.DoesNotContain("user", tools["store_memory"].InputSchema.GetProperty("properties").EnumerateObject().Select(property => property.Name));
    }

    [Fact]
    public async Task A_token_that_may_only_read_is_offered_no_tool_that_writes()
    {
        await using var mcp = await platform.Memory.McpClientAsync(Cancelled, token: platform.Issuer.Token("acme", "mcp-4", scope: "memory.read"));
        var tools = await mcp.ListToolsAsync(cancellationToken: Cancelled);

        Assert.Contains(tools, tool => tool.Name == "retrieve_memories");
        Assert.DoesNotContain(tools, tool => tool.Name == "store_memory");
    }

    [Fact]
    public async Task A_broken_rule_is_a_tool_error_that_a_model_can_read()
    {
        await using var mcp = await platform.Memory.McpClientAsync(Cancelled, "mcp-5");
        var result = await mcp.CallToolAsync("retrieve_memories", new Dictionary<string, object?> { ["query"] = "", ["limit"] = 5000 }, cancellationToken: Cancelled);

        Assert.True(result.IsError);
        Assert.Contains("limit", ((TextContentBlock)result.Content[0]).Text, StringComparison.Ordinal);
    }

    private static JsonObject Structured(CallToolResult result) => JsonNode.Parse(result.StructuredContent!.Value.GetRawText())!.AsObject();
}
