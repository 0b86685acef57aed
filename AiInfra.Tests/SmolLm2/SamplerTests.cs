using AiInfra.LocalVllm.Engine;
using AiInfra.LocalVllm.SmolLm2;

namespace AiInfra.Tests.SmolLm2;

public sealed class SamplerTests
{
    private const int Draws = 4000;

    // Probabilities .5 .25 .125 .0625 .0625; token 0 ends a turn and never comes by itself.
    private static readonly float[] Logits = [float.NegativeInfinity, Log(.5), Log(.25), Log(.125), Log(.0625), Log(.0625)];

    private readonly Sampler _sampler = new(Logits.Length, [0]);

    [Fact]
    public void Without_limits_tokens_come_as_often_as_they_are_likely()
    {
        var shares = Shares(new SamplingParameters { MaxTokens = 1 });

        Assert.Equal(.5, shares[1], .05);
        Assert.Equal(.25, shares[2], .05);
        Assert.Equal(.0625, shares[5], .02);
    }

    [Fact]
    public void Temperature_sharpens() =>
        Assert.Equal(.5 * .5 / (.25 + .0625 + .015625 + (2 * .00390625)), Shares(new SamplingParameters { MaxTokens = 1, Temperature = .5 })[1], .05);

    [Fact]
    public void Temperature_0_takes_the_likeliest() => Assert.Equal(1, Shares(new SamplingParameters { MaxTokens = 1, Temperature = 0 })[1]);

    [Theory]
    [InlineData(.4, 1)]
    [InlineData(.6, 2)]
    [InlineData(.8, 3)]
    public void Top_p_keeps_the_fewest_tokens_that_reach_it(double topP, int kept)
    {
        var shares = Shares(new SamplingParameters { MaxTokens = 1, TopP = topP });

        Assert.Equal(kept, shares.Count(share => share > 0));
        Assert.True(shares[kept] > 0);
    }

    [Fact]
    public void Top_k_keeps_k_tokens_and_top_p_counts_within_them()
    {
        Assert.Equal(2, Shares(new SamplingParameters { MaxTokens = 1, TopK = 2 }).Count(share => share > 0));
        // Of .5 and .25 the first alone has two thirds.
        Assert.Equal(1, Shares(new SamplingParameters { MaxTokens = 1, TopK = 2, TopP = .6 })[1]);
    }

    [Fact]
    public void Min_p_is_relative_to_the_likeliest() =>
        Assert.Equal(3, Shares(new SamplingParameters { MaxTokens = 1, MinP = .2 }).Count(share => share > 0));

    [Fact]
    public void Far_less_likely_candidates_still_come_when_top_k_asks_for_them()
    {
        float[] logits = [float.NegativeInfinity, 0, -15, -15, -15, -15];
        var sampling = Sequence(new SamplingParameters { MaxTokens = 1, TopK = 5, Temperature = 2 });

        Assert.Contains(Enumerable.Range(0, 20_000).Select(_ => _sampler.Choose([.. logits], sampling)), token => token > 1);
    }

    [Fact]
    public void Bias_and_allowed_tokens_decide()
    {
        Assert.Equal(1, Shares(new SamplingParameters { MaxTokens = 1, LogitBias = new Dictionary<int, double> { [4] = 100, [9999] = 5 } })[4]);
        Assert.Equal(1, Shares(new SamplingParameters { MaxTokens = 1, AllowedTokens = [3, 9999] })[3]);
    }

    [Fact]
    public void The_end_of_turn_waits_for_min_tokens()
    {
        var parameters = new SamplingParameters { MaxTokens = 9, MinTokens = 2, Temperature = 0, StopTokens = [1] };
        var sampling = Sequence(parameters);
        float[] logits = [9, 8, 7, 0, 0, 0];

        Assert.Equal(2, _sampler.Choose([.. logits], sampling));
        sampling.Add(2);
        Assert.Equal(2, _sampler.Choose([.. logits], sampling));
        sampling.Add(2);
        Assert.Equal(0, _sampler.Choose([.. logits], sampling));
    }

    [Fact]
    public void Penalties_follow_vllm()
    {
        var sampling = Sequence(new SamplingParameters { MaxTokens = 9, RepetitionPenalty = 2, PresencePenalty = .5, FrequencyPenalty = .25 }, [1, 3]);
        sampling.Add(2);
        sampling.Add(2);
        float[] logits = [4, 4, 4, -4, 4, 4];

        sampling.Penalize(logits);

        Assert.Equal([4, 2, 2 - .5f - .5f, -8, 4, 4], logits);
    }

    [Fact]
    public void One_seed_gives_one_answer()
    {
        int[] Run(long seed)
        {
            var sampling = Sequence(new SamplingParameters { MaxTokens = 1, Seed = seed });
            return [.. Enumerable.Range(0, 50).Select(_ => _sampler.Choose([.. Logits], sampling))];
        }

        Assert.Equal(Run(7), Run(7));
        Assert.NotEqual(Run(7), Run(8));
    }

    [Fact]
    public void Logprobs_are_those_of_the_model()
    {
        var read = LogprobReader.Read(Logits, chosen: 3, count: 2);

        Assert.Equal(new TokenLogprob(3, Log(.125), 3), read.Chosen with { Logprob = Log(.125) });
        Assert.Equal(Log(.125), read.Chosen.Logprob, 1e-5f);
        Assert.Equal([1, 2], read.Top.Select(top => top.Token));
        Assert.Equal([1, 2], read.Top.Select(top => top.Rank));
        Assert.Equal(Log(.5), read.Top[0].Logprob, 1e-5f);
    }

    [Fact]
    public void Endings_are_told_apart()
    {
        var sampling = Sequence(new SamplingParameters { MaxTokens = 2, StopTokens = [4] });
        sampling.Add(1);
        Assert.Null(_sampler.Describe(1, sampling).FinishReason);
        Assert.Equal((FinishReason.Stop, null), (_sampler.Describe(0, sampling).FinishReason, _sampler.Describe(0, sampling).StopToken));
        Assert.Equal((FinishReason.Stop, 4), (_sampler.Describe(4, sampling).FinishReason, _sampler.Describe(4, sampling).StopToken));
        sampling.Add(1);
        Assert.Equal(FinishReason.Length, _sampler.Describe(1, sampling).FinishReason);
    }

    private double[] Shares(SamplingParameters parameters)
    {
        var sampling = Sequence(parameters);
        var counts = new double[Logits.Length];
        for (var i = 0; i < Draws; i++)
        {
            counts[_sampler.Choose([.. Logits], sampling)] += 1d / Draws;
        }

        return [.. counts.Select(count => Math.Round(count, 9))];
    }

    private static SequenceSampling Sequence(SamplingParameters parameters, int[]? prompt = null) =>
        new(new EngineRequest("test", prompt ?? [1], parameters), drawnSeed: 3, grammar: null);

    private static float Log(double probability) => (float)Math.Log(probability);
}
