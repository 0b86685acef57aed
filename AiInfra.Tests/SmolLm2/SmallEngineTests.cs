using AiInfra.LocalVllm.Engine;
using AiInfra.LocalVllm.Serving;
using AiInfra.LocalVllm.SmolLm2;

namespace AiInfra.Tests.SmolLm2;

/// <summary>Engines of their own: little memory, other settings, the end of one.</summary>
[Collection(nameof(EngineFixture))]
public sealed class SmallEngineTests(EngineFixture fixture)
{
    [Fact]
    public async Task Sequences_that_outgrow_the_memory_wait_and_answer_all_the_same()
    {
        // 256 tokens in all: four sequences of 56 fit at once, but not four of 56 + 14.
        await using var engine = await StartAsync(new SmolLm2Settings { MaxModelLength = 256, BlockCount = 17, MaxSequences = 4 });
        var prompts = Enumerable.Range(0, 4).Select(i => EngineFixture.Prose($"house {i}", 56)).ToList();
        var sampling = new SamplingParameters { MaxTokens = 14, Temperature = 0, IgnoreEndOfTurn = true };
        var expected = EngineFixture.Ids(await fixture.RunAsync(prompts[0], sampling, salt: "small"));

        var outputs = await Task.WhenAll(prompts.Select(prompt => EngineFixture.RunAsync(engine, prompt, sampling)));

        Assert.All(outputs, list => Assert.Equal(14, list.Count));
        Assert.Equal(expected, EngineFixture.Ids(outputs[0]));
        Assert.True(engine.Status.Preemptions > 0);
    }

    [Fact]
    public async Task A_context_is_used_to_its_last_token()
    {
        await using var engine = await StartAsync(new SmolLm2Settings { MaxModelLength = 100 });

        var outputs = await EngineFixture.RunAsync(
            engine, EngineFixture.Prose("well", 90), new SamplingParameters { MaxTokens = 10, Temperature = 0, IgnoreEndOfTurn = true });
        var last = await EngineFixture.RunAsync(engine, EngineFixture.Prose("well", 99), EngineFixture.Greedy(1));

        Assert.Equal(10, outputs.Count);
        Assert.Equal(FinishReason.Length, outputs[^1].FinishReason);
        Assert.Single(last);
    }

    [Fact]
    public async Task Stopping_the_engine_aborts_what_runs_and_waits()
    {
        var engine = await StartAsync(new SmolLm2Settings { MaxSequences = 1 });
        var sampling = new SamplingParameters { MaxTokens = 4000, Temperature = 0, IgnoreEndOfTurn = true };
        var running = Task.WhenAll(Enumerable.Range(0, 2).Select(i => EngineFixture.RunAsync(engine, EngineFixture.Prose($"mill {i}", 20), sampling)));
        while (engine.Status is not { Running: 1, Waiting: 1 })
        {
            await Task.Delay(5, TestContext.Current.CancellationToken);
        }

        await engine.DisposeAsync();

        Assert.All(await running, outputs => Assert.Equal(FinishReason.Abort, outputs[^1].FinishReason));
        Assert.False(engine.Status.Alive);
    }

    [Theory]
    [InlineData("threads=0", "--engine-option threads 0")]
    [InlineData("threads=x", "a whole number")]
    [InlineData("speed=9", "knows threads, model-folder, prefix-cache-mb")]
    public void Wrong_options_are_named(string option, string message)
    {
        var parts = option.Split('=');
        var serve = new ServeSettings { Model = "smollm2", EngineOptions = new Dictionary<string, string> { [parts[0]] = parts[1] } };

        Assert.Contains(message, Assert.Throws<EngineStartException>(() => SmolLm2Settings.From(serve)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Limits_that_do_not_fit_are_refused_at_the_start()
    {
        await Assert.ThrowsAsync<EngineStartException>(() => StartAsync(new SmolLm2Settings { MaxModelLength = 9000 }));
        await Assert.ThrowsAsync<EngineStartException>(() => StartAsync(new SmolLm2Settings { BlockCount = 100 }));
        await Assert.ThrowsAsync<EngineStartException>(() => StartAsync(new SmolLm2Settings { ModelFolder = Path.GetTempPath() }));
    }

    [Fact]
    public async Task Another_folder_of_the_same_kind_is_served_under_its_own_name()
    {
        var folder = Directory.CreateTempSubdirectory("own-model-").FullName;
        try
        {
            foreach (var file in Directory.EnumerateFiles(ModelFiles.Path).Where(file => Path.GetFileName(file) != ModelChecksums.FileName))
            {
                File.CreateSymbolicLink(Path.Combine(folder, Path.GetFileName(file)), file);
            }

            await Assert.ThrowsAsync<EngineStartException>(() => StartAsync(new SmolLm2Settings { ModelFolder = folder }));
            await File.WriteAllTextAsync(Path.Combine(folder, "config.json"), """{"max_position_embeddings": 512}""", TestContext.Current.CancellationToken);
            await using var engine = await StartAsync(new SmolLm2Settings { ModelFolder = folder });

            Assert.Equal(512, engine.Model.MaxModelLength);
            Assert.Contains(Path.GetFileName(folder), engine.Model.Notice, StringComparison.Ordinal);
            var outputs = await EngineFixture.RunAsync(engine, EngineFixture.Chat("What is the capital of France?"), EngineFixture.Greedy(10));
            Assert.Contains("Paris", EngineFixture.Text(outputs), StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<SmolLm2Engine> StartAsync(SmolLm2Settings settings)
    {
        var engine = EngineFixture.Create(settings with { Threads = 1, ModelFolder = settings.ModelFolder ?? ModelFiles.Path });
        await engine.StartAsync(TestContext.Current.CancellationToken);
        return engine;
    }
}
