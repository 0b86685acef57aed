namespace AiInfra.Tests.LocalVllm;

public sealed class SimulatedAnswerTests
{
    private const string Fast = "--engine-option profile=instant";

    [Fact]
    public async Task An_answer_quotes_the_memory_that_bears_on_the_question()
    {
        await using var server = await RunningServer.StartAsync(Fast);

        var without = await server.ChatAsync(("user", "What is my dog called?"));
        var with = await server.ChatAsync(
            ("system", "Memories:\n- The user's dog is called Biscuit.\n- The user lives in Ghent."),
            ("user", "What is my dog called?"));
        var inMessage = await server.ChatAsync(("user", "Memories:\n- The dog is called Biscuit.\n- I live in Ghent.\n\nQuestion: Where do I live?"));

        Assert.DoesNotContain("Biscuit", without, StringComparison.Ordinal);
        Assert.Equal("The user's dog is called Biscuit.", with);
        Assert.Equal("I live in Ghent.", inMessage);
    }

    [Fact]
    public async Task The_same_seed_gives_the_same_answer_and_choices_differ()
    {
        await using var server = await RunningServer.StartAsync(Fast);
        var request = new { messages = new[] { new { role = "user", content = "It rains. What is the weather?" } }, temperature = 1, n = 5, seed = 7 };

        var first = Texts(await server.PostAsync("/v1/chat/completions", request));
        var second = Texts(await server.PostAsync("/v1/chat/completions", request));

        Assert.Equal(first, second);
        Assert.True(first.Distinct().Count() > 1, string.Join(" | ", first));

        static List<string?> Texts(System.Text.Json.JsonElement reply) =>
            [.. reply.GetProperty("choices").EnumerateArray().Select(choice => choice.GetProperty("message").GetProperty("content").GetString())];
    }

    [Fact]
    public async Task The_server_names_itself_a_simulator()
    {
        await using var server = await RunningServer.StartAsync(Fast + " --served-model-name small");

        var models = await server.Client.GetStringAsync("/v1/models", TestContext.Current.CancellationToken);

        Assert.Contains("\"id\":\"small\"", models, StringComparison.Ordinal);
        Assert.Contains("\"owned_by\":\"aiinfra-simulator\"", models, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Embeddings_of_texts_that_share_words_are_near()
    {
        await using var server = await RunningServer.StartAsync(Fast + " --runner pooling");

        var reply = await server.PostAsync("/v1/embeddings", new { input = new[] { "the cat sat on the mat", "a cat on a mat", "stock prices fell" } });

        var vectors = reply.GetProperty("data").EnumerateArray()
            .Select(item => item.GetProperty("embedding").EnumerateArray().Select(value => value.GetSingle()).ToArray())
            .ToList();
        Assert.Equal(384, vectors[0].Length);
        Assert.True(Dot(vectors[0], vectors[1]) > Dot(vectors[0], vectors[2]) + 0.2);

        static float Dot(float[] a, float[] b) => a.Zip(b, (x, y) => x * y).Sum();
    }
}
