using System.Runtime.CompilerServices;
using AiInfra.LocalVllm.Engine;
using AiInfra.LocalVllm.Metrics;

namespace AiInfra.LocalVllm.Generation;

/// <summary>Reads one sequence from the engine and gives it as text, a delta per <c>--stream-interval</c> tokens after the first.</summary>
internal sealed class ChoiceReader(IInferenceEngine engine, TextRequest request, int interval)
{
    private readonly List<int> _tokens = [];
    private readonly List<TokenLogprobs> _logprobs = [];
    private int _total;
    private PrefillReport? _prefill;

    public async IAsyncEnumerable<ChoiceDelta> ReadAsync(
        EngineRequest sequence, int choice, SequenceMeter meter, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var assembler = new TextAssembler(engine.Tokenizer, request.Stops, request.SkipSpecial);
        await foreach (var output in engine.GenerateAsync(sequence, cancellationToken))
        {
            var finish = output.FinishReason;
            StopCause? cause = output.StopToken is { } stopToken ? new StopCause(null, stopToken) : null;
            if (output.Prefill is { } prefill)
            {
                _prefill = prefill;
                meter.Prefilled(prefill);
            }

            if (output.Token is { } token)
            {
                meter.Token();
                _total++;
                _tokens.Add(token);
                if (output.Logprobs is { } logprobs)
                {
                    _logprobs.Add(logprobs);
                }

                // The token that ends an answer is counted, but its text is not part of it.
                var ending = finish == FinishReason.Stop && !request.Stops.Include;
                if (!ending && assembler.Add(token, _total > request.Sampling.MinTokens) is { } stop)
                {
                    finish = FinishReason.Stop;
                    cause = new StopCause(stop, null);
                }
            }

            if (finish is not null || _total == 1 || _tokens.Count >= interval)
            {
                yield return Delta(choice, assembler.Take(finish is not null), finish, cause);
            }

            if (finish is { } reason)
            {
                meter.Finished(reason, output.Preemptions);
                yield break;
            }
        }

        throw new EngineDeadException();
    }

    private ChoiceDelta Delta(int choice, string text, FinishReason? finish, StopCause? cause)
    {
        var delta = new ChoiceDelta(choice)
        {
            Text = text,
            Tokens = [.. _tokens],
            Logprobs = request.Sampling.Logprobs is null ? null : [.. _logprobs],
            Finish = finish,
            StopReason = cause,
            Prefill = _prefill,
            TotalTokens = _total,
        };
        _tokens.Clear();
        _logprobs.Clear();
        _prefill = null;
        return delta;
    }
}
