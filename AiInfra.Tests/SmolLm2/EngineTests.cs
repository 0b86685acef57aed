using System.Text.Json;
using AiInfra.LocalVllm.Engine;

namespace AiInfra.Tests.SmolLm2;

[Collection(nameof(EngineFixture))]
public sealed class EngineTests(EngineFixture fixture)
{
    [Fact]
    public async Task A_question_without_system_message_is_answered()
    {
        var outputs = await fixture.RunAsync(EngineFixture.Chat("What is the capital of France?"), EngineFixture.Greedy(16));

        Assert.Contains("Paris", EngineFixture.Text(outputs), StringComparison.Ordinal);
        Assert.Equal(FinishReason.Stop, outputs[^1].FinishReason);
        Assert.Equal(ModelFiles.Tokenizer.EndOfTurn, outputs[^1].Token);
        Assert.All(outputs[..^1], output => Assert.Null(output.FinishReason));
        Assert.Single(outputs, output => output.Prefill is not null);
    }

    [Fact]
    public async Task Sequences_together_answer_as_they_do_alone()
    {
        string[] questions =
        [
            "What is the capital of France?", "Which planet is known as the Red Planet?", "How many days are there in a week?",
            "What gas do plants absorb?", "Who wrote Hamlet?", "What is 2 + 3?",
        ];
        var alone = new List<string>();
        foreach (var question in questions)
        {
            alone.Add(EngineFixture.Text(await fixture.RunAsync(EngineFixture.Chat(question), EngineFixture.Greedy(12), salt: "alone")));
        }

        // More than there are slots: two of them wait.
        var together = await Task.WhenAll(questions.Select(
            question => fixture.RunAsync(EngineFixture.Chat(question), EngineFixture.Greedy(12), salt: "together")));

        Assert.Equal(alone, together.Select(EngineFixture.Text));
    }

    [Theory]
    [InlineData(63, 48)]
    [InlineData(64, 48)]
    [InlineData(65, 64)]
    public async Task A_cached_prefix_is_counted_as_vllm_counts_it_and_changes_no_answer(int length, int cached)
    {
        var prompt = EngineFixture.Prose($"tower {length}", length);

        var cold = await fixture.RunAsync(prompt, EngineFixture.Greedy(6));
        var before = fixture.Engine.Status;
        var warm = await fixture.RunAsync(prompt, EngineFixture.Greedy(6));
        var after = fixture.Engine.Status;

        Assert.Equal(0, cold[0].Prefill!.CachedTokens);
        Assert.Equal(length / EngineFixture.Block * EngineFixture.Block, cold[0].Prefill!.CreatedCacheTokens);
        Assert.Equal(cached, warm[0].Prefill!.CachedTokens);
        Assert.Equal(EngineFixture.Ids(cold), EngineFixture.Ids(warm));
        Assert.Equal((length, cached), (after.PrefixCacheQueries - before.PrefixCacheQueries, after.PrefixCacheHits - before.PrefixCacheHits));
    }

    [Fact]
    public async Task Answers_are_cached_too_and_salts_separate()
    {
        var prompt = EngineFixture.Prose("bridge", 40);
        var outputs = await fixture.RunAsync(prompt, EngineFixture.Greedy(30) with { IgnoreEndOfTurn = true });
        int[] next = [.. prompt, .. EngineFixture.Ids(outputs), .. ModelFiles.Tokenizer.Encode(" And then?")];

        // 40 + 30 tokens, the last of them never computed: 69 make four blocks.
        Assert.Equal(64, (await fixture.RunAsync(next, EngineFixture.Greedy(1)))[0].Prefill!.CachedTokens);
        Assert.Equal(0, (await fixture.RunAsync(next, EngineFixture.Greedy(1), salt: "other"))[0].Prefill!.CachedTokens);
    }

    [Fact]
    public async Task A_caller_who_leaves_frees_the_sequence()
    {
        using var leaving = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var request = new EngineRequest("leaves", EngineFixture.Prose("boat", 20), EngineFixture.Greedy(4000) with { IgnoreEndOfTurn = true });

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (var _ in fixture.Engine.GenerateAsync(request, leaving.Token))
            {
                await leaving.CancelAsync();
            }
        });

        await fixture.UntilIdleAsync();
    }

    [Fact]
    public async Task A_seed_repeats_an_answer_and_other_seeds_give_others()
    {
        var prompt = EngineFixture.Chat("Tell me about the sea.");
        var sampling = new SamplingParameters { MaxTokens = 12, Temperature = 1, Seed = 11 };

        var first = EngineFixture.Ids(await fixture.RunAsync(prompt, sampling));
        // Beside others, in another order: a sequence's numbers are its own.
        var again = await Task.WhenAll(fixture.RunAsync(prompt, sampling with { Seed = 12 }), fixture.RunAsync(prompt, sampling));

        Assert.Equal(first, EngineFixture.Ids(again[1]));
        Assert.NotEqual(first, EngineFixture.Ids(again[0]));
    }

    [Fact]
    public async Task Logprobs_of_prompt_and_answer_come_when_asked_for()
    {
        var prompt = EngineFixture.Chat("What is the capital of France?");

        var outputs = await fixture.RunAsync(prompt, EngineFixture.Greedy(3) with { Logprobs = 2, PromptLogprobs = 1 });

        Assert.All(outputs, output => Assert.Equal((1, 2), (output.Logprobs!.Chosen.Rank, output.Logprobs.Top.Count)));
        Assert.All(outputs, output => Assert.Equal(output.Token, output.Logprobs!.Chosen.Token));
        var read = outputs[0].Prefill!.PromptLogprobs!;
        Assert.Equal(prompt.Length, read.Count);
        Assert.Null(read[0]);
        Assert.Equal(prompt[1..], read.Skip(1).Select(entry => entry!.Chosen.Token));
        Assert.All(read.Skip(1), entry => Assert.InRange(entry!.Chosen.Logprob, -60, 0));
        Assert.Equal(0, outputs[0].Prefill!.CachedTokens);
    }

    [Fact]
    public async Task Stop_tokens_end_an_answer_with_their_id()
    {
        var paris = ModelFiles.Tokenizer.Encode(" Paris")[0];

        var outputs = await fixture.RunAsync(EngineFixture.Chat("What is the capital of France?"), EngineFixture.Greedy(16) with { StopTokens = [paris] });

        Assert.Equal((FinishReason.Stop, paris), (outputs[^1].FinishReason, outputs[^1].StopToken));
    }

    [Theory]
    [InlineData(null, 40)]
    [InlineData(null, 6)]
    [InlineData("""{"type":"object","properties":{"city":{"type":"string"},"population":{"type":"integer"}},"required":["city","population"]}""", 40)]
    [InlineData("""{"type":"object","properties":{"city":{"type":"string"},"population":{"type":"integer"}},"required":["city","population"]}""", 31)]
    public async Task Json_always_parses_whatever_the_temperature_and_the_limit(string? schema, int maxTokens)
    {
        var constraint = schema is null ? new OutputConstraint(ConstraintKind.JsonObject, "") : new OutputConstraint(ConstraintKind.JsonSchema, schema);
        foreach (var temperature in new[] { 0, 1, 2 })
        {
            var outputs = await fixture.RunAsync(
                EngineFixture.Chat("Describe Paris as JSON."),
                new SamplingParameters { MaxTokens = maxTokens, Temperature = temperature, Seed = maxTokens, Constraint = constraint });

            using var document = JsonDocument.Parse(EngineFixture.Text(outputs));
            Assert.Equal(JsonValueKind.Object, document.RootElement.ValueKind);
            Assert.Equal(FinishReason.Stop, outputs[^1].FinishReason);
        }
    }

    [Fact]
    public async Task A_choice_is_one_of_the_options()
    {
        var sampling = EngineFixture.Greedy(8) with { Constraint = new OutputConstraint(ConstraintKind.Choice, """["Berlin","Paris","Rome"]""") };

        Assert.Equal("Paris", EngineFixture.Text(await fixture.RunAsync(EngineFixture.Chat("What is the capital of France?"), sampling)));
    }

    [Fact]
    public void What_cannot_be_served_is_refused_before_it_is_queued()
    {
        var sampling = EngineFixture.Greedy(4);

        Assert.Throws<EngineRequestException>(() => fixture.Engine.GenerateAsync(
            new EngineRequest("id", [1, 49_152], sampling), CancellationToken.None));
        Assert.Throws<EngineRequestException>(() => fixture.Engine.Check(sampling with { Constraint = new OutputConstraint(ConstraintKind.Regex, "(") }));
    }

    [Fact]
    public async Task Resetting_the_prefix_cache_forgets()
    {
        var prompt = EngineFixture.Prose("gate", 40);
        await fixture.RunAsync(prompt, EngineFixture.Greedy(1));
        await fixture.UntilIdleAsync();

        Assert.True(fixture.Engine.TryResetPrefixCache());

        Assert.Equal(0, (await fixture.RunAsync(prompt, EngineFixture.Greedy(1)))[0].Prefill!.CachedTokens);
    }

    [Fact]
    public void The_model_says_what_it_is()
    {
        Assert.Contains("135M-parameter model for trying the platform out", fixture.Engine.Model.Notice, StringComparison.Ordinal);
        Assert.Equal(8192, fixture.Engine.Model.MaxModelLength);
    }
}
