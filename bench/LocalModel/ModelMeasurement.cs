using System.Diagnostics;

namespace AiInfra.Bench.LocalModel;

/// <summary>Measures one process. Every prompt is new, so that only what is meant to be cached is.</summary>
internal sealed class ModelMeasurement(ModelProcess model, int rounds)
{
    private const int Prompt = 512;
    private const int Answer = 48;
    private const int Prefix = 1000;
    private const int Question = 24;
    private const int StreamAnswer = 24;

    private readonly Random _random = new(20261124);

    public async Task<ModelFigures> RunAsync(int threads, CancellationToken cancellationToken)
    {
        var resident = model.ResidentMegabytes;
        await model.StreamAsync(Tokens(64), 8, cancellationToken);
        var (prefill, decode, cold, cached) = (new List<double>(), new List<double>(), new List<double>(), new List<double>());
        var totals = ModelFigures.Streams.Select(_ => new List<double>()).ToList();
        for (var round = 0; round < rounds; round++)
        {
            var (first, last) = await model.StreamAsync(Tokens(Prompt), Answer, cancellationToken);
            prefill.Add(Prompt / first);
            decode.Add((Answer - 1) / (last - first));
            var prefix = Tokens(Prefix);
            cold.Add((await model.StreamAsync([.. prefix, .. Tokens(Question)], 1, cancellationToken)).First);
            cached.Add((await model.StreamAsync([.. prefix, .. Tokens(Question)], 1, cancellationToken)).First);
            for (var i = 0; i < totals.Count; i++)
            {
                totals[i].Add(await TogetherAsync(ModelFigures.Streams[i], cancellationToken));
            }
        }

        return new ModelFigures(threads)
        {
            StartSeconds = model.StartSeconds,
            ResidentMegabytes = resident,
            PeakMegabytes = model.PeakMegabytes,
            Prefill = Median(prefill),
            Decode = Median(decode),
            ColdSeconds = cold,
            CachedSeconds = cached,
            Totals = totals,
        };
    }

    public static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToList();
        return (sorted[(sorted.Count - 1) / 2] + sorted[sorted.Count / 2]) / 2;
    }

    // Tokens of all streams over the time until the last has ended, short prompts included.
    private async Task<double> TogetherAsync(int streams, CancellationToken cancellationToken)
    {
        var prompts = Enumerable.Range(0, streams).Select(_ => Tokens(Question)).ToList();
        var clock = Stopwatch.StartNew();
        await Task.WhenAll(prompts.Select(prompt => model.StreamAsync(prompt, StreamAnswer, cancellationToken)));
        return streams * StreamAnswer / clock.Elapsed.TotalSeconds;
    }

    // The commonest words of the vocabulary: what they say does not matter, that they are new does.
    private int[] Tokens(int count) => [.. Enumerable.Range(0, count).Select(_ => _random.Next(260, 8000))];
}
