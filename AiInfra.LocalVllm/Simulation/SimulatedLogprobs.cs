using AiInfra.LocalVllm.Engine;

namespace AiInfra.LocalVllm.Simulation;

/// <summary>Log probabilities that look like a sure model's: made up, repeatable, and always consistent (ranks follow values).</summary>
internal static class SimulatedLogprobs
{
    public static TokenLogprobs For(int token, int position, int top, int vocabularySize)
    {
        var chosen = new TokenLogprob(token, -0.01f - 0.3f * Unit(token, position), 1);
        var candidates = new TokenLogprob[top];
        var logprob = chosen.Logprob;
        for (var i = 0; i < top; i++)
        {
            candidates[i] = i == 0 ? chosen : new TokenLogprob(Other(token, position, i, vocabularySize), logprob, i + 1);
            logprob -= 0.7f + Unit(token + i, position);
        }

        return new TokenLogprobs(chosen, candidates);
    }

    public static IReadOnlyList<TokenLogprobs?> ForPrompt(int[] prompt, int top, int vocabularySize) =>
        [.. prompt.Select((token, index) => index == 0 ? null : For(token, index, top, vocabularySize))];

    private static float Unit(int token, int position) => (uint)HashCode(token, position) % 1000 / 1000f;

    private static int Other(int token, int position, int rank, int vocabularySize)
    {
        const int firstPlain = 17;
        var other = firstPlain + (int)((uint)HashCode(token + rank, position) % (vocabularySize - firstPlain));
        return other == token ? other - 1 : other;
    }

    // Not System.HashCode: that differs from run to run.
    private static int HashCode(int a, int b) => unchecked((a * 397 ^ b) * (int)2_654_435_761 >> 7 ^ a * 31);
}
