using System.Runtime.CompilerServices;
using System.Threading.Channels;
using AiInfra.LocalVllm.Engine;
using AiInfra.LocalVllm.Metrics;
using AiInfra.LocalVllm.Serving;

namespace AiInfra.LocalVllm.Generation;

/// <summary>Runs a text request: every prompt and choice is a sequence of its own, their deltas come in the order in which they happen.</summary>
internal sealed class TextGenerator(IInferenceEngine engine, ServingMetrics metrics, ServeSettings settings)
{
    /// <exception cref="EngineDeadException">The engine is dead, or dies meanwhile.</exception>
    public IAsyncEnumerable<ChoiceDelta> StreamAsync(TextRequest request, CancellationToken cancellationToken) =>
        request.Prompts.Count * request.Choices == 1
            ? ReadAsync(request, 0, settings.StreamInterval, metrics.Begin(request), cancellationToken)
            : MergeAsync(request, settings.StreamInterval, cancellationToken);

    /// <summary>Runs the request to its end.</summary>
    /// <exception cref="EngineDeadException">The engine is dead, or dies meanwhile.</exception>
    public async Task<IReadOnlyList<CompletedChoice>> CompleteAsync(TextRequest request, CancellationToken cancellationToken)
    {
        // One delta for the whole answer: nobody sees it grow.
        var deltas = request.Prompts.Count * request.Choices == 1
            ? ReadAsync(request, 0, int.MaxValue, metrics.Begin(request), cancellationToken)
            : MergeAsync(request, int.MaxValue, cancellationToken);
        var choices = new CompletedChoice[request.Prompts.Count * request.Choices];
        await foreach (var delta in deltas)
        {
            choices[delta.Choice] ??= new CompletedChoice(request.Prompts[delta.Choice / request.Choices]);
            choices[delta.Choice].Add(delta);
        }

        return choices;
    }

    private IAsyncEnumerable<ChoiceDelta> ReadAsync(
        TextRequest request, int choice, int interval, RequestMeter meter, CancellationToken cancellationToken)
    {
        var prompt = request.Prompts[choice / request.Choices];
        var sampling = request.Sampling;
        if (sampling.Seed is { } seed && request.Choices > 1)
        {
            sampling = sampling with { Seed = seed + choice % request.Choices };
        }
        else if (sampling.Seed is null && request.Choices > 1)
        {
            // The engine's own seed would make all choices alike.
            sampling = sampling with { Seed = settings.Seed + 1 + choice % request.Choices };
        }

        var sequence = new EngineRequest(choice == 0 ? request.Id : $"{choice}_{request.Id}", prompt.Tokens, sampling)
        {
            Turns = prompt.Turns,
            Tools = request.Tools,
            Priority = request.Priority,
            CacheSalt = request.CacheSalt,
            Adapter = request.Adapter,
        };
        return new ChoiceReader(engine, request, interval).ReadAsync(sequence, choice, meter.Sequence(prompt.Tokens.Length), cancellationToken);
    }

    private async IAsyncEnumerable<ChoiceDelta> MergeAsync(
        TextRequest request, int interval, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var merged = Channel.CreateUnbounded<ChoiceDelta>(new UnboundedChannelOptions { SingleReader = true });
        var meter = metrics.Begin(request);
        var tasks = Enumerable.Range(0, request.Prompts.Count * request.Choices)
            .Select(choice => PumpAsync(ReadAsync(request, choice, interval, meter, stop.Token), merged.Writer))
            .ToList();
        var all = Task.WhenAll(tasks);
        _ = all.ContinueWith(
            done => merged.Writer.TryComplete(done.Exception?.InnerException), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        try
        {
            await foreach (var delta in merged.Reader.ReadAllAsync(cancellationToken))
            {
                yield return delta;
            }
        }
        finally
        {
            await stop.CancelAsync();
            await all.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static async Task PumpAsync(IAsyncEnumerable<ChoiceDelta> deltas, ChannelWriter<ChoiceDelta> writer)
    {
        await foreach (var delta in deltas)
        {
            writer.TryWrite(delta);
        }
    }
}
