using System.Numerics.Tensors;
using System.Text.Json;

namespace AiInfra.Tests.SmolLm2;

/// <summary>The graph against what the model's makers recorded, and against itself in other ways of running it.</summary>
[Collection(nameof(GraphFixture))]
public sealed class GraphParityTests(GraphFixture fixture)
{
    /// <summary>A margin below this can fall either way on another CPU (the model's README).</summary>
    private const double SafeMargin = 0.6;

    [Fact]
    public void Prefill_gives_the_recorded_top_logits()
    {
        foreach (var prompt in ModelFiles.Json("parity.json").GetProperty("prompts").EnumerateArray())
        {
            var logits = Prefill(ModelFiles.Ints(prompt, "ids"), chunk: int.MaxValue);
            var expected = prompt.GetProperty("top5_logits").EnumerateArray().Select(value => value.GetSingle());

            Assert.All(
                ModelFiles.Ints(prompt, "top5_ids").Zip(expected),
                pair => Assert.Equal(pair.Second, logits[pair.First], tolerance: 0.5f));
        }
    }

    [Fact]
    public void Greedy_continuations_are_the_recorded_ones_up_to_the_first_near_tie()
    {
        var compared = 0;
        foreach (var prompt in ModelFiles.Json("parity.json").GetProperty("prompts").EnumerateArray())
        {
            compared += CompareGreedy(prompt);
        }

        // Everything, on the kind of CPU that the file was recorded on; the least that any other must reach.
        Assert.InRange(compared, 10, 200);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(16)]
    [InlineData(60)]
    public void A_prompt_in_chunks_gives_bit_for_bit_the_logits_of_one_call(int chunk)
    {
        var prompt = fixture.Prose[..130];

        Assert.Equal(Prefill(prompt, int.MaxValue), Prefill(prompt, chunk));
    }

    [Fact]
    public void Rows_decoded_together_are_bit_for_bit_the_rows_decoded_alone()
    {
        int[] lengths = [20, 75, 40];
        using var slots = fixture.Slots();
        slots.EnsureRoom(lengths.Length, 128, []);
        for (var slot = 0; slot < lengths.Length; slot++)
        {
            fixture.Graph.Prefill(slots, slot, fixture.Prose.AsSpan(0, lengths[slot]), 0, 1, fixture.Logits);
        }

        int[] tokens = [504, 339, 28];
        var together = fixture.Graph.Decode(slots, tokens, lengths).ToArray();

        for (var slot = 0; slot < lengths.Length; slot++)
        {
            slots.Move(slot, 0, lengths[slot]);
            var alone = fixture.Graph.Decode(slots, tokens.AsSpan(slot, 1), lengths.AsSpan(slot, 1)).ToArray();
            var vocabulary = fixture.Graph.VocabularySize;
            Assert.Equal(alone, together[(slot * vocabulary)..((slot + 1) * vocabulary)]);
        }
    }

    [Fact]
    public void Growing_and_copied_caches_change_no_logit()
    {
        var prompt = fixture.Prose[..100];
        using var slots = fixture.Slots();
        slots.EnsureRoom(1, 100, []);
        fixture.Graph.Prefill(slots, 0, prompt, 0, 1, fixture.Logits);
        var block = new float[fixture.Graph.Shape.BytesPerToken / sizeof(float) * prompt.Length];
        slots.Read(0, 0, prompt.Length, block);

        slots.EnsureRoom(3, 1000, [prompt.Length]);
        slots.Write(2, 0, prompt.Length, block);
        var grown = fixture.Graph.Decode(slots, [504], [prompt.Length]).ToArray();
        slots.Move(2, 0, prompt.Length);

        Assert.Equal(grown, fixture.Graph.Decode(slots, [504], [prompt.Length]).ToArray());
    }

    private float[] Prefill(int[] prompt, int chunk)
    {
        using var slots = fixture.Slots();
        slots.EnsureRoom(1, prompt.Length, []);
        var logits = new float[fixture.Graph.VocabularySize];
        for (var past = 0; past < prompt.Length; past += chunk)
        {
            chunk = Math.Min(chunk, prompt.Length - past);
            fixture.Graph.Prefill(slots, 0, prompt.AsSpan(past, chunk), past, 1, logits);
        }

        return logits;
    }

    private int CompareGreedy(JsonElement prompt)
    {
        var ids = ModelFiles.Ints(prompt, "ids");
        var expected = ModelFiles.Ints(prompt, "greedy_ids");
        var margins = prompt.GetProperty("greedy_margins").EnumerateArray().Select(margin => margin.GetDouble()).ToList();
        using var slots = fixture.Slots();
        slots.EnsureRoom(1, ids.Length + expected.Length, []);
        var logits = new float[fixture.Graph.VocabularySize];
        fixture.Graph.Prefill(slots, 0, ids, 0, 1, logits);
        for (var step = 0; step < expected.Length; step++)
        {
            var best = TensorPrimitives.IndexOfMax<float>(logits);
            if (best != expected[step])
            {
                Assert.InRange(margins[step], 0, SafeMargin);
                return step;
            }

            fixture.Graph.Decode(slots, [best], [ids.Length + step]).CopyTo(logits);
        }

        return expected.Length;
    }
}
