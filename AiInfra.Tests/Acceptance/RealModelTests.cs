using System.ClientModel;
using System.Collections.Concurrent;
using System.Diagnostics;
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
                using var stored = await first.PostAsJsonAsync("/v1/memories", new { text = fact, timestamp = "2026-03-02T09:00:00Z" }, Cancelled);
                Assert.Equal(201, (int)stored.StatusCode);
            }
        }

        using var second = platform.CreateClient();
        var wrong = new ConcurrentBag<string>();
        await Parallel.ForEachAsync(MemoryQuestions.All, new ParallelOptions { MaxDegreeOfParallelism = 4, CancellationToken = Cancelled }, async (item, _) =>
        {
            var (answer, memory) = await AskAsync(second, item.Question);
            if (!answer.Contains(item.Expected, StringComparison.OrdinalIgnoreCase))
            {
                wrong.Add($"{item.Question} {answer} ({memory})");
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

    // The gateway puts what is remembered before the question, in the user's message, where this model answers from it best.
    private async Task<(string Answer, string Memory)> AskAsync(HttpClient client, string question)
    {
        var began = Stopwatch.GetTimestamp();
        while (true)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions");
            request.Headers.Add("x-aiinfra-memory", "read");
            request.Content = JsonContent.Create(new
            {
                model = platform.Model,
                temperature = 0,
                max_tokens = 20,
                messages = new[]
                {
                    new { role = "system", content = "Answer the question from the notes in one short sentence." },
                    new { role = "user", content = $"Question: {question}" },
                },
            });
            using var reply = await client.SendAsync(request, Cancelled);
            var memory = Assert.Single(reply.Headers.GetValues("x-aiinfra-memory"));
            // A chat does not wait long for its memories; on a busy machine it is asked again.
            if (memory != "unavailable" || Stopwatch.GetElapsedTime(began) > TimeSpan.FromMinutes(1))
            {
                return (ModelServer.Content(await reply.Content.ReadFromJsonAsync<JsonElement>(Cancelled)), memory);
            }

            await Task.Delay(500, Cancelled);
        }
    }
}
