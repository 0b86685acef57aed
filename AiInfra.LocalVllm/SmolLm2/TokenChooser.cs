using AiInfra.LocalVllm.Engine;

namespace AiInfra.LocalVllm.SmolLm2;

/// <summary>Chooses a sequence's next token and makes the output of it, log probabilities and report included.</summary>
internal sealed class TokenChooser(Sampler sampler, int vocabularySize)
{
    /// <summary>Appends the next token to a sequence. Changes <paramref name="logits"/>.</summary>
    public EngineOutput Choose(Sequence sequence, Span<float> logits)
    {
        var parameters = sequence.Request.Sampling;
        try
        {
            // The sampler changes the logits, so the model's own are kept where they are wanted.
            var raw = parameters.Logprobs is null ? null : logits.ToArray();
            var token = sampler.Choose(logits, sequence.Sampling);
            sequence.Sampling.Add(token);
            sequence.Tokens.Add(token);
            var output = sampler.Describe(token, sequence.Sampling) with
            {
                Logprobs = raw is null ? null : LogprobReader.Read(raw, token, parameters.Logprobs!.Value),
                Prefill = Report(sequence),
            };
            sequence.IsFirst = false;
            return output;
        }
        catch (GrammarException)
        {
            // Too ambiguous to follow, which only the text itself shows.
            return new EngineOutput(null) { FinishReason = FinishReason.Error };
        }
    }

    /// <summary>Reads the log probabilities of the tokens behind a piece of a prompt.</summary>
    /// <param name="sequence">Its <see cref="Sequence.Computed"/> is where the piece begins.</param>
    /// <param name="logits"><c>float[count, vocabulary]</c>, one row a position of the piece.</param>
    /// <param name="count">Positions in the piece.</param>
    public void ReadPrompt(Sequence sequence, ReadOnlySpan<float> logits, int count)
    {
        var read = sequence.PromptLogprobs ??= [null];
        for (var i = 0; i < count && sequence.Computed + i + 1 < sequence.Request.Prompt.Length; i++)
        {
            var row = logits.Slice(i * vocabularySize, vocabularySize);
            read.Add(LogprobReader.Read(row, sequence.Tokens[sequence.Computed + i + 1], sequence.Request.Sampling.PromptLogprobs!.Value));
        }
    }

    private static PrefillReport? Report(Sequence sequence) => !sequence.IsFirst ? null
        : new PrefillReport(sequence.Cached ?? 0, sequence.QueuedAt, sequence.ScheduledAt ?? sequence.QueuedAt)
        {
            CreatedCacheTokens = sequence.CreatedCacheTokens,
            PromptLogprobs = sequence.PromptLogprobs,
        };
}
