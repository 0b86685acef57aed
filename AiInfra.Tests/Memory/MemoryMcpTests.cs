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

    [Fact]
    public async Task Every_tool_and_resource_answers_the_official_client()
    {
        await using var mcp = await platform.Memory.McpClientAsync(Cancelled, "mcp-6");
        var answered = new List<string>();
        var first = await CallAsync("store_memory", new() { ["text"] = "The lighthouse keeper painted the tower red.", ["domain"] = "general" });
        var second = await CallAsync("store_memory", new() { ["text"] = "The lighthouse keeper painted the tower white.", ["supersedes"] = (string)first["id"]! });
        var id = (string)second["id"]!;
        Assert.Equal(id, (string)(await CallAsync("retrieve_memories", new() { ["query"] = "What colour is the tower?" }))["results"]![0]!["memory"]!["id"]!);
        Assert.NotNull((await CallAsync("search_memories_advanced", new() { ["query"] = "tower", ["includeSuperseded"] = true }))["results"]![1]!["explain"]);
        Assert.NotNull((await CallAsync("expand_keywords", new() { ["keywords"] = (string[])["lighthouse"] }))["keywords"]);
        Assert.Equal(2, (int)(await CallAsync("get_memory_statistics", []))["memories"]!);
        Assert.NotNull((await CallAsync("get_similar_memories", new() { ["id"] = id }))["memories"]);
        Assert.NotNull((await CallAsync("get_keyword_trends", new() { ["days"] = 7 }))["keywords"]);
        Assert.Equal(2, (int)(await CallAsync("update_memory", new() { ["id"] = id, ["pinned"] = true }))["version"]!);
        Assert.Equal(2, (await CallAsync("get_memory_history", new() { ["id"] = id }))["versions"]!.AsArray().Count);
        Assert.Contains("white", (string)(await CallAsync("get_context", new() { ["query"] = "What colour is the tower?" }))["text"]!, StringComparison.Ordinal);
        Assert.Equal(id, (string)(await CallAsync("delete_memory", new() { ["id"] = id }))["deletedId"]!);
        var gone = await mcp.CallToolAsync("delete_memory", new Dictionary<string, object?> { ["id"] = id }, cancellationToken: Cancelled);
        Assert.True(gone.IsError);
        Assert.Equal((await mcp.ListToolsAsync(cancellationToken: Cancelled)).Select(tool => tool.Name).Order(), answered.Distinct().Order());

        var resources = await mcp.ListResourcesAsync(cancellationToken: Cancelled);
        Assert.Equal(["memory://domains", "memory://statistics"], resources.Select(resource => resource.Uri).Order());
        foreach (var (uri, holds) in new[] { ("memory://domains", "electronics"), ("memory://statistics", "\"memories\":1") })
        {
            var read = await mcp.ReadResourceAsync(uri, cancellationToken: Cancelled);
            Assert.Contains(holds, ((TextResourceContents)read.Contents[0]).Text, StringComparison.Ordinal);
        }

        async Task<JsonObject> CallAsync(string tool, Dictionary<string, object?> arguments)
        {
            var result = await mcp.CallToolAsync(tool, arguments, cancellationToken: Cancelled);
            Assert.False(result.IsError ?? false, result.Content.OfType<TextContentBlock>().FirstOrDefault()?.Text);
            answered.Add(tool);
            return Structured(result);
        }
    }

    [Theory]
    [InlineData("Host", "memory.attacker.example")]
    [InlineData("Origin", "https://attacker.example")]
    public async Task A_page_under_another_name_reaches_no_tool(string header, string value)
    {
        using var client = platform.Memory.Client("mcp-7");
        using var request = new HttpRequestMessage(HttpMethod.Post, "mcp") { Content = JsonContent.Create(new { jsonrpc = "2.0", id = 1, method = "tools/list" }) };
        request.Headers.TryAddWithoutValidation(header, value);
        request.Headers.TryAddWithoutValidation("Accept", "application/json, text/event-stream");

        using var response = await client.SendAsync(request, Cancelled);

        Assert.Equal(System.Net.HttpStatusCode.Forbidden, response.StatusCode);
    }

    private static JsonObject Structured(CallToolResult result) => JsonNode.Parse(result.StructuredContent!.Value.GetRawText())!.AsObject();
}
