using System.ClientModel;
using OpenAI;
using OpenAI.Chat;

namespace AiInfra.Tests.Gateway;

public sealed class OpenAiClientTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_official_client_chats_streams_embeds_and_lists_models()
    {
        await using var replica = await ScriptedVllm.StartAsync();
        await using var gateway = await GatewayServer.StartAsync([replica]);
        var client = new OpenAIClient(new ApiKeyCredential(GatewayServer.Key), new OpenAIClientOptions { Endpoint = new Uri($"http://localhost:{gateway.PublicPort}/v1") });
        var chat = client.GetChatClient("tiny");

        var plain = await chat.CompleteChatAsync([new UserChatMessage("Hi")], cancellationToken: Cancelled);
        var words = new List<string>();
        await foreach (var update in chat.CompleteChatStreamingAsync([new UserChatMessage("Hi")], cancellationToken: Cancelled))
        {
            words.AddRange(update.ContentUpdate.Select(part => part.Text));
        }

        var embedding = await client.GetEmbeddingClient("tiny").GenerateEmbeddingAsync("Hi", cancellationToken: Cancelled);
        var models = await client.GetOpenAIModelClient().GetModelsAsync(Cancelled);

        Assert.Equal("Hello there", plain.Value.Content[0].Text);
        Assert.Equal(7, plain.Value.Usage.TotalTokenCount);
        Assert.Equal("Hello there", string.Concat(words));
        Assert.Equal(2, embedding.Value.ToFloats().Length);
        Assert.Equal("tiny", Assert.Single(models.Value).Id);
    }

    [Fact]
    public async Task The_official_client_understands_our_refusals()
    {
        await using var gateway = await GatewayServer.StartAsync([]);
        var options = new OpenAIClientOptions { Endpoint = new Uri($"http://localhost:{gateway.PublicPort}/v1"), RetryPolicy = new System.ClientModel.Primitives.ClientRetryPolicy(0) };

        var wrongKey = await Assert.ThrowsAsync<ClientResultException>(() =>
            new ChatClient("tiny", new ApiKeyCredential("sk-wrong-0123456789abc"), options).CompleteChatAsync([new UserChatMessage("Hi")], cancellationToken: Cancelled));
        var noReplica = await Assert.ThrowsAsync<ClientResultException>(() =>
            new ChatClient("tiny", new ApiKeyCredential(GatewayServer.Key), options).CompleteChatAsync([new UserChatMessage("Hi")], cancellationToken: Cancelled));

        Assert.Equal((401, 503), (wrongKey.Status, noReplica.Status));
        Assert.Contains("No replica", noReplica.Message, StringComparison.Ordinal);
    }
}
