using System.Globalization;
using AiInfra.Bench.Running;

namespace AiInfra.Bench.LocalModel;

/// <summary>The embedded model as LocalVllm serves it, beside what its makers measured with the bare runtime.</summary>
internal sealed class LocalModelBenchmark : IBenchmark
{
    public string Name => "localmodel";

    public string Summary =>
        "SmolLM2 in LocalVllm over HTTP at 1 and 2 threads: speed, cached prefixes, streams at once, memory; beside the model's own figures; 3 minutes";

    public async Task<BenchReport> RunAsync(BenchArguments arguments, CancellationToken cancellationToken)
    {
        var figures = new List<ModelFigures>();
        foreach (var threads in new[] { 1, 2 })
        {
            await using var model = await ModelProcess.StartAsync(threads, cancellationToken);
            figures.Add(await new ModelMeasurement(model, arguments.Full ? 15 : 9).RunAsync(threads, cancellationToken));
        }

        return new BenchReport(Name, [.. figures.Select(Row), .. Published()], [.. figures.SelectMany(Bars)])
        {
            Notes =
            [
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{Environment.ProcessorCount} cores, {Environment.OSVersion}; medians of {figures[0].ColdSeconds.Count} rounds, over HTTP; ")
                    + "other work on the machine lowers all of them.",
                "Published: the model's README, ONNX Runtime from Python on a quiet machine with two AVX-512 VNNI cores. Its memory includes 28 MB of "
                    + "Python, ours .NET and the prefix cache; its load is the session's alone, ours the process' start to its first healthy answer.",
                "Prefill: 512 tokens. Decode: one stream behind its first token. First token: behind 1,000 + 24 tokens. Bars: the mean of the "
                    + "rounds' ratios, failing only where its 95 % interval lies beyond.",
            ],
        };
    }

    private static BenchRow Row(ModelFigures figures)
    {
        var values = new Dictionary<string, double>
        {
            ["load s"] = figures.StartSeconds,
            ["prefill/s"] = figures.Prefill,
            ["decode/s"] = figures.Decode,
            ["first token ms"] = ModelMeasurement.Median(figures.ColdSeconds) * 1000,
            ["prefix cached ms"] = ModelMeasurement.Median(figures.CachedSeconds) * 1000,
        };
        for (var i = 0; i < ModelFigures.Streams.Count; i++)
        {
            values[$"{ModelFigures.Streams[i]} streams/s"] = ModelMeasurement.Median(figures.Totals[i]);
        }

        values["loaded MB"] = figures.ResidentMegabytes;
        values["peak MB"] = figures.PeakMegabytes;
        return new BenchRow($"served, {figures.Threads} thread(s)", values);
    }

    private static IEnumerable<BenchBar> Bars(ModelFigures figures)
    {
        for (var i = 1; i < ModelFigures.Streams.Count; i++)
        {
            var ratio = PairedRatio.Of(figures.Totals[i], figures.Totals[0]);
            yield return new BenchBar(
                $"{figures.Threads} thread(s): tokens/s of {ModelFigures.Streams[i]} streams against one", ratio.Mean, ">= 1", ratio.High >= 1);
        }

        var cached = PairedRatio.Of(figures.CachedSeconds, figures.ColdSeconds);
        yield return new BenchBar(
            $"{figures.Threads} thread(s): first token with 1,000 tokens cached against none", cached.Mean, "<= 0.25", cached.Low <= 0.25);
    }

    // models/smollm2-135m-instruct/README.md, section 3: shipped int4, shared buffers.
    private static IEnumerable<BenchRow> Published() =>
    [
        new BenchRow("published, 1 thread", new Dictionary<string, double>
        {
            ["load s"] = 0.4,
            ["prefill/s"] = 395,
            ["decode/s"] = 81,
            ["1 streams/s"] = 68,
            ["2 streams/s"] = 80,
            ["4 streams/s"] = 83,
            ["loaded MB"] = 214,
            ["peak MB"] = 357,
        }),
        new BenchRow("published, 2 threads", new Dictionary<string, double>
        {
            ["load s"] = 0.3,
            ["prefill/s"] = 767,
            ["decode/s"] = 110,
            ["loaded MB"] = 214,
            ["peak MB"] = 352,
        }),
    ];
}
