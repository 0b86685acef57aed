using AiInfra.LocalVllm.Engine;

namespace AiInfra.LocalVllm.Simulation;

/// <summary>A whole answer, known before its first token.</summary>
/// <param name="Tokens">At least one; an ending token included.</param>
/// <param name="Finish">Why it ends.</param>
/// <param name="StopToken">The stop token that ends it, or null.</param>
internal sealed record AnswerPlan(int[] Tokens, FinishReason Finish, int? StopToken)
{
    /// <summary>Cuts an answer's text to what the sampling parameters allow.</summary>
    public static AnswerPlan From(int[] text, SamplingParameters sampling, ITextTokenizer tokenizer)
    {
        var wanted = sampling.IgnoreEndOfTurn ? sampling.MaxTokens : Math.Min(sampling.MinTokens, sampling.MaxTokens);
        var tokens = new List<int>(Math.Max(Math.Min(text.Length + 1, sampling.MaxTokens), 1));
        while (tokens.Count < sampling.MaxTokens)
        {
            foreach (var token in text)
            {
                tokens.Add(token);
                if (tokens.Count > sampling.MinTokens && sampling.StopTokens.Contains(token))
                {
                    return new AnswerPlan([.. tokens], FinishReason.Stop, token);
                }

                if (tokens.Count == sampling.MaxTokens)
                {
                    return new AnswerPlan([.. tokens], FinishReason.Length, null);
                }
            }

            // An answer that must be longer than its text begins anew.
            if (tokens.Count >= wanted || text.Length == 0)
            {
                break;
            }
        }

        tokens.Add(tokenizer.EndOfTurn);
        return new AnswerPlan([.. tokens], FinishReason.Stop, null);
    }
}
