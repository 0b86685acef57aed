using System.ClientModel;
using System.Text;
using Anthropic;
using Anthropic.Models.Messages;
using OpenAI;
using OpenAI.Chat;

namespace AiInfra.Tests.LocalVllm;

public sealed class OfficialClientTests
{
    private const string Flags = "--served-model-name small --engine-option profile=instant --enable-prompt-tokens-details --enable-auto-tool-choice --tool-call-parser hermes";

    [Fact]
    public async Task The_OpenAI_client_chats_plain_and_streamed()
    {
        await using var server = await RunningServer.StartAsync(Flags + " --api-key sk-1");
        var client = OpenAi(server).GetChatClient("small");
        ChatMessage[] messages = [new SystemChatMessage("The dog is called Biscuit."), new UserChatMessage("What is the dog called?")];
        var options = new ChatCompletionOptions { Temperature = 0 };

        ChatCompletion plain = await client.CompleteChatAsync(messages, options, TestContext.Current.CancellationToken);
        var streamed = new StringBuilder();
        ChatFinishReason? finish = null;
        ChatTokenUsage? usage = null;
        await foreach (var update in client.CompleteChatStreamingAsync(messages, options, TestContext.Current.CancellationToken))
        {
            streamed.Append(string.Concat(update.ContentUpdate.Select(part => part.Text)));
            finish = update.FinishReason ?? finish;
            usage = update.Usage ?? usage;
        }

        Assert.Equal("The dog is called Biscuit.", plain.Content[0].Text);
        Assert.Equal("The dog is called Biscuit.", streamed.ToString());
        Assert.Equal(ChatFinishReason.Stop, finish);
        Assert.Equal(plain.Usage.TotalTokenCount, usage?.TotalTokenCount);
    }

    [Fact]
    public async Task The_OpenAI_client_reads_a_tool_call()
    {
        await using var server = await RunningServer.StartAsync(Flags);
        var tool = ChatTool.CreateFunctionTool(
            "get_weather", "Weather of a city", BinaryData.FromString("""{"type":"object","properties":{"city":{"type":"string"}},"required":["city"]}"""));
        var options = new ChatCompletionOptions { Tools = { tool }, ToolChoice = ChatToolChoice.CreateRequiredChoice() };

        ChatCompletion reply = await OpenAi(server).GetChatClient("small").CompleteChatAsync(
            [new UserChatMessage("Weather?")], options, TestContext.Current.CancellationToken);

        Assert.Equal(ChatFinishReason.ToolCalls, reply.FinishReason);
        Assert.Equal("get_weather", Assert.Single(reply.ToolCalls).FunctionName);
        Assert.Contains("city", reply.ToolCalls[0].FunctionArguments.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_OpenAI_client_embeds()
    {
        await using var server = await RunningServer.StartAsync(Flags + " --runner pooling");

        var reply = await OpenAi(server).GetEmbeddingClient("small").GenerateEmbeddingAsync("a cat", cancellationToken: TestContext.Current.CancellationToken);

        Assert.Equal(384, reply.Value.ToFloats().Length);
    }

    [Fact]
    public async Task The_Anthropic_client_chats_plain_and_streamed()
    {
        await using var server = await RunningServer.StartAsync(Flags);
        using var client = new AnthropicClient { BaseUrl = server.Address.ToString().TrimEnd('/'), ApiKey = "none" };
        var request = new MessageCreateParams
        {
            Model = "small",
            MaxTokens = 64,
            System = "The dog is called Biscuit.",
            Messages = [new UserMessageParam { Content = "What is the dog called?" }],
        };

        var plain = await client.Messages.Create(request, TestContext.Current.CancellationToken);
        var streamed = new StringBuilder();
        await foreach (var update in client.Messages.CreateStreaming(request, TestContext.Current.CancellationToken))
        {
            if (update.TryPickContentBlockDelta(out var delta) && delta.Delta.TryPickText(out var text))
            {
                streamed.Append(text.Text);
            }
        }

        Assert.True(plain.Content[0].TryPickText(out var block));
        Assert.EndsWith("The dog is called Biscuit.", block.Text, StringComparison.Ordinal);
        Assert.Equal(block.Text, streamed.ToString());
    }

    private static OpenAIClient OpenAi(RunningServer server) =>
        new(new ApiKeyCredential("sk-1"), new OpenAIClientOptions { Endpoint = new Uri(server.Address, "/v1") });
}
