using System.ClientModel;
using System.Net;
using System.Net.Http.Json;
using System.Net.NetworkInformation;
using System.Text.Json.Nodes;
using AiInfra.Tests.Fixtures;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Testing;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;
using OpenAI;
using OpenAI.Chat;

namespace AiInfra.Tests.Acceptance;

/// <summary>What a newcomer does in the first five minutes, on the platform as the AppHost starts it.</summary>
[Collection(PlatformCollection.Name)]
public sealed class FirstStepsTests(PlatformFixture platform)
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_official_client_chats_plain_and_streamed()
    {
        var chat = OpenAi(platform.ApiKey).GetChatClient(platform.Model);
        ChatMessage[] question = [new UserChatMessage("My dog is called Biscuit. What is the dog called?")];
        var options = new ChatCompletionOptions { MaxOutputTokenCount = 32, Temperature = 0 };

        ChatCompletion answer = await chat.CompleteChatAsync(question, options, Cancelled);
        var streamed = "";
        ChatTokenUsage? usage = null;
        await foreach (var update in chat.CompleteChatStreamingAsync(question, options, Cancelled))
        {
            streamed += string.Concat(update.ContentUpdate.Select(part => part.Text));
            usage ??= update.Usage;
        }

        Assert.Contains("Biscuit", answer.Content[0].Text, StringComparison.Ordinal);
        Assert.Contains("Biscuit", streamed, StringComparison.Ordinal);
        Assert.True(answer.Usage.InputTokenCount > 0);
        Assert.True(usage?.OutputTokenCount > 0);
    }

    [Fact]
    public async Task A_memory_stored_over_REST_is_found_over_MCP_in_other_words()
    {
        using var client = platform.CreateClient();
        using var stored = await client.PostAsJsonAsync("/v1/memories", new { text = "My dog is called Biscuit." }, Cancelled);
        var id = (await stored.Content.ReadFromJsonAsync<JsonObject>(Cancelled))!["id"]!.GetValue<string>();
        using var noise = await client.PostAsJsonAsync("/v1/memories", new { text = "The quarterly report is due on Friday." }, Cancelled);
        Assert.Equal(201, (int)noise.StatusCode);

        await using var mcp = await McpAsync(platform.ApiKey);
        var tools = await mcp.ListToolsAsync(cancellationToken: Cancelled);
        var found = await mcp.CallToolAsync("retrieve_memories", new Dictionary<string, object?> { ["query"] = "name of the pet", ["limit"] = 1 }, cancellationToken: Cancelled);

        Assert.Contains("store_memory", tools.Select(tool => tool.Name));
        Assert.NotEqual(true, found.IsError);
        var text = Assert.IsType<TextContentBlock>(found.Content[0]).Text;
        Assert.Contains(id, text, StringComparison.Ordinal);
        Assert.Contains("Biscuit", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_the_key_every_door_says_401_in_its_own_dialect()
    {
        using var client = new HttpClient { BaseAddress = platform.Gateway };
        using var chat = await client.PostAsJsonAsync("/v1/chat/completions", new { model = platform.Model }, Cancelled);
        using var memory = await client.PostAsJsonAsync("/v1/memories", new { text = "x" }, Cancelled);
        using var mcp = await client.PostAsJsonAsync("/mcp", new { }, Cancelled);

        Assert.Equal([401, 401, 401], new[] { chat, memory, mcp }.Select(response => (int)response.StatusCode));
        var error = await chat.Content.ReadFromJsonAsync<JsonObject>(Cancelled);
        Assert.Equal("invalid_api_key", error!["error"]!["code"]!.GetValue<string>());
        Assert.Equal("application/problem+json", memory.Content.Headers.ContentType?.MediaType);
        var refused = await Assert.ThrowsAsync<ClientResultException>(() => OpenAi("sk-wrong").GetChatClient(platform.Model).CompleteChatAsync("Hello"));
        Assert.Equal(401, refused.Status);
    }

    [Fact]
    public void Nothing_listens_beyond_loopback()
    {
        var ports = platform.Resources.OfType<IResourceWithEndpoints>()
            .SelectMany(resource => resource.Annotations.OfType<EndpointAnnotation>().Select(endpoint => platform.App.GetEndpoint(resource.Name, endpoint.Name).Port))
            .ToHashSet();

        var listeners = IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpListeners().Where(listener => ports.Contains(listener.Port)).ToList();

        Assert.Equal(ports.Order(), listeners.Select(listener => listener.Port).Distinct().Order());
        Assert.All(listeners, listener => Assert.True(IPAddress.IsLoopback(listener.Address), $"Port {listener.Port} listens on {listener.Address}."));
    }

    private OpenAIClient OpenAi(string key) => new(new ApiKeyCredential(key), new OpenAIClientOptions { Endpoint = new Uri(platform.Gateway, "/v1") });

    private Task<McpClient> McpAsync(string key) => McpClient.CreateAsync(
        new HttpClientTransport(new HttpClientTransportOptions
        {
            Endpoint = new Uri(platform.Gateway, "/mcp"),
            AdditionalHeaders = new Dictionary<string, string> { ["Authorization"] = $"Bearer {key}" },
        }),
        cancellationToken: Cancelled);
}
