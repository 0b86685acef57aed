using System.ClientModel;
using System.Collections.Concurrent;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using AiInfra.Tests.SmolLm2;
using OpenAI;
using OpenAI.Chat;

namespace AiInfra.Tests.Acceptance;

/// <summary>The embedded model on the running platform: what one session stores, another is answered from.</summary>
public sealed class RealModelTests(ModelPlatformFixture platform, ITestOutputHelper output) : IClassFixture<ModelPlatformFixture>
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Facts_stored_in_one_session_are_answered_from_in_another()
    {
        using (var first = platform.CreateClient())
        {
            foreach (var fact in MemoryQuestions.All.SelectMany(item => item.Memories).Distinct())
            {
                using var stored = await first.PostAsJsonAsync("/v1/memories", new { text = fact }, Cancelled);
                Assert.Equal(201, (int)stored.StatusCode);
            }
        }

        using var second = platform.CreateClient();
        var wrong = new ConcurrentBag<string>();
        await Parallel.ForEachAsync(MemoryQuestions.All, new ParallelOptions { MaxDegreeOfParallelism = 4, CancellationToken = Cancelled }, async (item, _) =>
        {
            var answer = await AskAsync(second, item.Question);
            if (!answer.Contains(item.Expected, StringComparison.OrdinalIgnoreCase))
            {
                wrong.Add($"{item.Question} {answer}");
            }
        });

        output.WriteLine($"{MemoryQuestions.All.Count - wrong.Count} of {MemoryQuestions.All.Count} right; wrong: {string.Join(" | ", wrong)}");
        Assert.Equal(30, MemoryQuestions.All.Count);
        Assert.True(MemoryQuestions.All.Count - wrong.Count >= 22, $"wrong: {string.Join(" | ", wrong)}");
    }

    [Fact]
    public async Task The_official_client_streams_the_models_answer()
    {
        var client = new OpenAIClient(new ApiKeyCredential(platform.ApiKey), new OpenAIClientOptions { Endpoint = new Uri(platform.Gateway, "/v1") });
        var text = new StringBuilder();
        var frames = 0;
        ChatFinishReason? finish = null;

        await foreach (var update in client.GetChatClient(platform.Model).CompleteChatStreamingAsync(
            [new UserChatMessage("What is the capital of France?")], new ChatCompletionOptions { Temperature = 0, MaxOutputTokenCount = 16 }, Cancelled))
        {
            frames += update.ContentUpdate.Count;
            text.Append(string.Concat(update.ContentUpdate.Select(part => part.Text)));
            finish ??= update.FinishReason;
        }

        Assert.Contains("Paris", text.ToString(), StringComparison.Ordinal);
        Assert.InRange(frames, 4, 16);
        Assert.Equal(ChatFinishReason.Stop, finish);
    }

    // What is remembered goes into the user's message, the layout in which this model answers best.
    private async Task<string> AskAsync(HttpClient client, string question)
    {
        using var found = await client.PostAsJsonAsync("/v1/memories/search", new { query = question, limit = 3 }, Cancelled);
        var results = (await found.Content.ReadFromJsonAsync<JsonElement>(Cancelled)).GetProperty("results");
        var memories = string.Join("\n- ", results.EnumerateArray().Select(result => result.GetProperty("memory").GetProperty("text").GetString()));
        using var reply = await client.PostAsJsonAsync(
            "/v1/chat/completions",
            new
            {
                model = platform.Model,
                temperature = 0,
                max_tokens = 20,
                messages = new[]
                {
                    new { role = "system", content = "Answer the question from the memories in one short sentence." },
                    new { role = "user", content = $"Memories:\n- {memories}\n\nQuestion: {question}" },
                },
            },
            Cancelled);
        return ModelServer.Content(await reply.Content.ReadFromJsonAsync<JsonElement>(Cancelled));
    }
}
