using System.Numerics.Tensors;
using AiInfra.LocalVllm.Engine;

namespace AiInfra.LocalVllm.SmolLm2;

/// <summary>Chooses the next token from a row of logits, in the order in which vLLM applies its parameters.</summary>
/// <remarks>Holds scratch memory of the vocabulary's size: one instance for one thread.</remarks>
internal sealed class Sampler(int vocabularySize, IReadOnlyList<int> stopTokens)
{
    /// <summary>Below this a temperature means greedy, as in vLLM.</summary>
    private const double GreedyBelow = 1e-5;

    /// <summary>Tokens that much less likely than the best (by a factor of e^-14) are sorted only when the better ones do not suffice.</summary>
    private const float LikelyWithin = 14;

    private static readonly Dictionary<int, double> NoBias = [];

    private readonly float[] _weights = new float[vocabularySize];
    private readonly float[] _keys = new float[vocabularySize];
    private readonly int[] _candidates = new int[vocabularySize];

    /// <summary>The next token of a sequence. Changes <paramref name="logits"/>.</summary>
    public int Choose(Span<float> logits, SequenceSampling sequence)
    {
        var parameters = sequence.Parameters;
        if (parameters.AllowedTokens is { } allowed)
        {
            KeepOnly(logits, allowed);
        }

        foreach (var (token, bias) in parameters.LogitBias ?? NoBias)
        {
            if ((uint)token < (uint)logits.Length)
            {
                logits[token] += (float)bias;
            }
        }

        if (sequence.Generated < parameters.MinTokens)
        {
            Forbid(logits, stopTokens);
            Forbid(logits, parameters.StopTokens);
        }

        sequence.Penalize(logits);
        // Last, so that nothing above can bring back what the grammar forbids.
        sequence.Grammar?.Mask(logits, parameters.MaxTokens - sequence.Generated);

        var best = TensorPrimitives.IndexOfMax<float>(logits);
        if (float.IsNegativeInfinity(logits[best]))
        {
            // Nothing is allowed at all: the answer ends here.
            return stopTokens[0];
        }

        return parameters.Temperature < GreedyBelow ? best : Draw(logits, best, sequence);
    }

    /// <summary>The output for a token that was just added to a sequence: whether it ends it, and why.</summary>
    public EngineOutput Describe(int token, SequenceSampling sequence)
    {
        var parameters = sequence.Parameters;
        var output = new EngineOutput(token);
        if (stopTokens.Contains(token) && (!parameters.IgnoreEndOfTurn || sequence.Grammar is not null))
        {
            return output with { FinishReason = FinishReason.Stop };
        }

        if (parameters.StopTokens.Contains(token))
        {
            return output with { FinishReason = FinishReason.Stop, StopToken = token };
        }

        return sequence.Generated >= parameters.MaxTokens ? output with { FinishReason = FinishReason.Length } : output;
    }

    private int Draw(Span<float> logits, int best, SequenceSampling sequence)
    {
        var parameters = sequence.Parameters;
        var weights = _weights.AsSpan(0, logits.Length);
        // Weights relative to the likeliest token, which has 1.
        TensorPrimitives.Subtract(logits, logits[best], weights);
        TensorPrimitives.Divide(weights, (float)parameters.Temperature, weights);
        TensorPrimitives.Exp(weights, weights);
        var total = TensorPrimitives.Sum<float>(weights);
        if (parameters is { TopP: >= 1, TopK: 0, MinP: 0 })
        {
            return Pick(weights, total, sequence.Random);
        }

        var floor = Math.Max(MathF.Exp(-LikelyWithin), (float)parameters.MinP);
        var count = Gather(weights, floor);
        var isEnough = parameters.MinP >= floor
            || (parameters.TopK > 0 ? count >= parameters.TopK : Mass(count) >= parameters.TopP * total);
        if (!isEnough)
        {
            count = Gather(weights, (float)parameters.MinP);
        }

        Array.Sort(_keys, _candidates, 0, count);
        Array.Reverse(_keys, 0, count);
        Array.Reverse(_candidates, 0, count);
        if (parameters.TopK > 0)
        {
            count = Math.Min(count, parameters.TopK);
        }

        var mass = parameters.TopK > 0 || parameters.MinP > 0 ? Mass(count) : total;
        return _candidates[PickIndex(_keys.AsSpan(0, Nucleus(count, parameters.TopP * mass)), sequence.Random)];
    }

    private int Gather(ReadOnlySpan<float> weights, float floor)
    {
        var count = 0;
        for (var token = 0; token < weights.Length; token++)
        {
            if (weights[token] >= floor && weights[token] > 0)
            {
                _keys[count] = weights[token];
                _candidates[count++] = token;
            }
        }

        return count;
    }

    private float Mass(int count) => TensorPrimitives.Sum<float>(_keys.AsSpan(0, count));

    /// <summary>How many of the sorted candidates it takes to reach <paramref name="mass"/>, at least one.</summary>
    private int Nucleus(int count, double mass)
    {
        var sum = 0d;
        for (var i = 0; i < count; i++)
        {
            sum += _keys[i];
            if (sum >= mass)
            {
                return i + 1;
            }
        }

        return count;
    }

    private static int Pick(ReadOnlySpan<float> weights, float total, Random random) => Walk(weights, random.NextDouble() * total);

    private static int PickIndex(ReadOnlySpan<float> weights, Random random) =>
        Walk(weights, random.NextDouble() * TensorPrimitives.Sum(weights));

    private static int Walk(ReadOnlySpan<float> weights, double target)
    {
        var last = 0;
        for (var i = 0; i < weights.Length; i++)
        {
            if (weights[i] <= 0)
            {
                continue;
            }

            last = i;
            target -= weights[i];
            if (target < 0)
            {
                break;
            }
        }

        // Rounding can leave a little of the target at the end: then it is the last possible token.
        return last;
    }

    private void KeepOnly(Span<float> logits, IReadOnlyList<int> allowed)
    {
        var kept = _weights.AsSpan(0, logits.Length);
        kept.Fill(float.NegativeInfinity);
        foreach (var token in allowed)
        {
            if ((uint)token < (uint)logits.Length)
            {
                kept[token] = logits[token];
            }
        }

        kept.CopyTo(logits);
    }

    private static void Forbid(Span<float> logits, IReadOnlyList<int> tokens)
    {
        foreach (var token in tokens)
        {
            if ((uint)token < (uint)logits.Length)
            {
                logits[token] = float.NegativeInfinity;
            }
        }
    }
}
