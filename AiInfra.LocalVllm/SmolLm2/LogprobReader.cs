using System.Numerics.Tensors;
using AiInfra.LocalVllm.Engine;

namespace AiInfra.LocalVllm.SmolLm2;

/// <summary>Log probabilities of a row of logits as the model gave them, before penalties, masks and temperature.</summary>
internal static class LogprobReader
{
    /// <summary>The most that vLLM gives unless it is started otherwise; a negative number asks for all.</summary>
    private const int MaxCount = 20;

    public static TokenLogprobs Read(ReadOnlySpan<float> logits, int chosen, int count)
    {
        var max = TensorPrimitives.Max(logits);
        var sum = 0d;
        foreach (var logit in logits)
        {
            sum += Math.Exp(logit - max);
        }

        var normalizer = max + (float)Math.Log(sum);
        var top = new TokenLogprob[Math.Min(count is < 0 or > MaxCount ? MaxCount : count, logits.Length)];
        var filled = 0;
        for (var token = 0; token < logits.Length && top.Length > 0; token++)
        {
            var logprob = logits[token] - normalizer;
            if (filled == top.Length && logprob <= top[^1].Logprob)
            {
                continue;
            }

            var place = filled < top.Length ? filled++ : filled - 1;
            for (; place > 0 && top[place - 1].Logprob < logprob; place--)
            {
                top[place] = top[place - 1];
            }

            top[place] = new TokenLogprob(token, logprob, 0);
        }

        for (var i = 0; i < filled; i++)
        {
            top[i] = top[i] with { Rank = i + 1 };
        }

        var rank = 1;
        foreach (var logit in logits)
        {
            rank += logit > logits[chosen] ? 1 : 0;
        }

        return new TokenLogprobs(new TokenLogprob(chosen, logits[chosen] - normalizer, rank), top);
    }
}
