using System.ClientModel;
using System.Text;
using AiInfra.Tests.LocalVllm;
using Anthropic;
using Anthropic.Models.Messages;
using Microsoft.AspNetCore.Http;
using OpenAI;
using OpenAI.Chat;

namespace AiInfra.Tests.Gateway;

/// <summary>The vendors' own clients against every endpoint, with the gateway before LocalVllm.</summary>
public sealed class OfficialClientsTests
{
    private const string Flags = "--served-model-name tiny --engine-option profile=instant --enable-prompt-tokens-details --enable-auto-tool-choice --tool-call-parser hermes";

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task OpenAIs_client_chats_streams_and_calls_tools()
    {
        await using var server = await RunningServer.StartAsync(Flags);
        await using var gateway = await StartAsync(server);
        var chat = OpenAi(gateway).GetChatClient("tiny");
        ChatMessage[] messages = [new SystemChatMessage("The dog is called Biscuit."), new UserChatMessage("What is the dog called?")];

        ChatCompletion plain = await chat.CompleteChatAsync(messages, new ChatCompletionOptions { Temperature = 0, IncludeLogProbabilities = true, StopSequences = { "zebra" } }, Cancelled);
        var streamed = new StringBuilder();
        ChatTokenUsage? usage = null;
        await foreach (var update in chat.CompleteChatStreamingAsync(messages, new ChatCompletionOptions { Temperature = 0 }, Cancelled))
        {
            streamed.Append(string.Concat(update.ContentUpdate.Select(part => part.Text)));
            usage = update.Usage ?? usage;
        }

        var tool = ChatTool.CreateFunctionTool("get_weather", "Weather of a city", BinaryData.FromString("""{"type":"object","properties":{"city":{"type":"string"}},"required":["city"]}"""));
        ChatCompletion called = await chat.CompleteChatAsync(
            [new UserChatMessage("Weather?")], new ChatCompletionOptions { Tools = { tool }, ToolChoice = ChatToolChoice.CreateRequiredChoice() }, Cancelled);

        Assert.Equal("The dog is called Biscuit.", plain.Content[0].Text);
        Assert.NotEmpty(plain.ContentTokenLogProbabilities);
        Assert.Equal("The dog is called Biscuit.", streamed.ToString());
        Assert.Equal(plain.Usage.TotalTokenCount, usage?.TotalTokenCount);
        Assert.Equal("get_weather", Assert.Single(called.ToolCalls).FunctionName);
    }

    [Fact]
    public async Task OpenAIs_client_embeds_and_transcribes()
    {
        await using var server = await RunningServer.StartAsync(Flags + " --runner pooling");
        await using var gateway = await StartAsync(server);
        await using var ears = await ScriptedVllm.StartAsync();
        ears.Script = (context, _) =>
        {
            context.Response.ContentType = "application/json";
            return context.Response.WriteAsync("""{"text":"Hello there","usage":{"type":"duration","seconds":1}}""", context.RequestAborted);
        };
        await using var listening = await GatewayServer.StartAsync([ears]);

        var embedding = await OpenAi(gateway).GetEmbeddingClient("tiny").GenerateEmbeddingAsync("a cat", cancellationToken: Cancelled);
        using var sound = new MemoryStream("RIFF"u8.ToArray());
        var audio = OpenAi(listening).GetAudioClient("tiny");
        var transcription = await audio.TranscribeAudioAsync(sound, "a.wav", cancellationToken: Cancelled);
        using var same = new MemoryStream("RIFF"u8.ToArray());
        var translation = await audio.TranslateAudioAsync(same, "a.wav", cancellationToken: Cancelled);

        Assert.Equal(384, embedding.Value.ToFloats().Length);
        Assert.Equal(("Hello there", "Hello there"), (transcription.Value.Text, translation.Value.Text));
    }

    [Fact]
    public async Task Anthropics_client_chats_streams_and_counts()
    {
        await using var server = await RunningServer.StartAsync(Flags);
        await using var gateway = await StartAsync(server);
        using var client = new AnthropicClient { BaseUrl = $"http://localhost:{gateway.PublicPort}", ApiKey = GatewayServer.Key };
        var request = new MessageCreateParams
        {
            Model = "tiny",
            MaxTokens = 64,
            System = "The dog is called Biscuit.",
            Messages = [new UserMessageParam { Content = "What is the dog called?" }],
        };

        var plain = await client.Messages.Create(request, Cancelled);
        var streamed = new StringBuilder();
        await foreach (var update in client.Messages.CreateStreaming(request, Cancelled))
        {
            if (update.TryPickContentBlockDelta(out var delta) && delta.Delta.TryPickText(out var text))
            {
                streamed.Append(text.Text);
            }
        }

        var count = await client.Messages.CountTokens(new MessageCountTokensParams { Model = "tiny", Messages = request.Messages }, Cancelled);

        Assert.True(plain.Content[0].TryPickText(out var block));
        Assert.EndsWith("The dog is called Biscuit.", block.Text, StringComparison.Ordinal);
        Assert.Equal(block.Text, streamed.ToString());
        Assert.True(count.InputTokens > 0);
    }

    [Theory]
    [InlineData("/v1/completions", """{"model":"tiny","prompt":"The dog is called Biscuit. What is the dog called?","max_tokens":8,"n":2,"temperature":0.5,"logprobs":1,"my_own":[1]}""", "", "\"choices\"")]
    [InlineData("/v1/responses", """{"model":"tiny","input":"What is it?","max_output_tokens":8}""", "", "\"output\"")]
    [InlineData("/v1/rerank", """{"model":"tiny","query":"a","documents":["b","c"]}""", " --runner pooling", "\"results\"")]
    [InlineData("/v1/score", """{"model":"tiny","text_1":"a","text_2":["b"]}""", " --runner pooling", "\"data\"")]
    [InlineData("/tokenize", """{"model":"tiny","prompt":"Hello"}""", "", "\"tokens\"")]
    [InlineData("/detokenize", """{"model":"tiny","tokens":[504]}""", "", "\"prompt\"")]
    public async Task What_no_client_has_a_method_for_answers_too(string path, string body, string flags, string holds)
    {
        await using var server = await RunningServer.StartAsync(Flags + flags);
        await using var gateway = await StartAsync(server);

        using var response = await gateway.PostAsync(path, body);
        var text = await response.Content.ReadAsStringAsync(Cancelled);

        Assert.True((int)response.StatusCode == 200, text);
        Assert.Contains(holds, text, StringComparison.Ordinal);
    }

    private static Task<GatewayServer> StartAsync(RunningServer server) =>
        GatewayServer.StartAsync([], $"--services:vllm:http:0={server.Address.GetLeftPart(UriPartial.Authority)}");

    private static OpenAIClient OpenAi(GatewayServer gateway) =>
        new(new ApiKeyCredential(GatewayServer.Key), new OpenAIClientOptions { Endpoint = new Uri($"http://localhost:{gateway.PublicPort}/v1") });
}
