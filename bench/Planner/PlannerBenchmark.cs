using AiInfra.Bench.Running;

namespace AiInfra.Bench.Planner;

/// <summary>Holds the capacity planner against published start-up logs and speeds of vLLM.</summary>
internal sealed class PlannerBenchmark : IBenchmark
{
    public string Name => "planner";

    public string Summary => "the capacity planner against published vLLM start-up logs and speeds; needs --data with vllm-logs; seconds";

    public Task<BenchReport> RunAsync(BenchArguments arguments, CancellationToken cancellationToken)
    {
        var folder = arguments.DataFolder("vllm-logs");
        var models = new LogModels(folder);
        var logs = LogRow.ReadAll(folder).Select(row => LogPrediction.Of(row, models)).ToList();
        var speeds = SpeedRow.ReadAll(folder).SelectMany(row => SpeedPrediction.Of(row, models)).ToList();
        return Task.FromResult(new BenchReport(Name, [.. logs.Select(LogLine), .. speeds.Select(SpeedLine)], [.. Bars(logs, speeds)])
        {
            Notes = [.. Notes(logs, speeds)],
        });
    }

    private static IEnumerable<BenchBar> Bars(List<LogPrediction> logs, List<SpeedPrediction> speeds)
    {
        var formula = logs.Where(log => log.FormulaError is not null).Select(log => Math.Abs(log.FormulaError!.Value) * 100).Order().ToList();
        var whole = logs.Where(log => log is { Counts: true, PoolErrorOfDevice: not null })
            .Select(log => Math.Abs(log.PoolErrorOfDevice!.Value) * 100).ToList();
        var refused = logs.Where(log => log is { Counts: true, Row.WasRefused: true, StartsPredicted: not null }).ToList();
        yield return BenchBar.AtMost($"formula, median error % ({formula.Count} logs)", At(formula, 0.5), 0.1);
        yield return BenchBar.AtMost("formula, error % that nine in ten keep", At(formula, 0.9), 2);
        yield return BenchBar.AtLeast(
            $"whole prediction, share within 4 % of the device's memory ({whole.Count} logs)",
            whole.Count(error => error <= 4) / (double)whole.Count, 0.8);
        yield return BenchBar.AtLeast(
            $"refused starts predicted as refused ({refused.Count} logs)",
            refused.Count(log => log.StartsPredicted == false) / (double)Math.Max(1, refused.Count), 1);
        var speed = speeds.Where(row => row.LeftOut is null).Select(row => Math.Abs(row.Error) * 100).Order().ToList();
        yield return BenchBar.AtMost($"speed, median error % ({speed.Count} figures)", At(speed, 0.5), 25);
    }

    private static IEnumerable<string> Notes(List<LogPrediction> logs, List<SpeedPrediction> speeds)
    {
        var started = logs.Where(log => log is { Counts: true, Row.WasRefused: false, StartsPredicted: not null }).ToList();
        yield return $"{started.Count(log => log.StartsPredicted == true)} of {started.Count} starts that succeeded are predicted to start.";
        foreach (var log in logs.Where(log => log.Reason.Length > 0))
        {
            yield return $"{log.Row.Id}: not counted for the whole prediction: {log.Reason}.";
        }

        foreach (var log in logs.Where(log => log.IsComparedWithSmallestRank))
        {
            yield return $"{log.Row.Id}: compared with the pool that its printed tokens imply: another rank than the printed one decided.";
        }

        foreach (var log in logs.Where(LogOutliers.IsOutlier))
        {
            yield return $"{log.Row.Id} outlier: {LogOutliers.Reason(log)}";
        }

        foreach (var group in speeds.Where(row => row.LeftOut is not null).GroupBy(row => row.LeftOut))
        {
            yield return $"{group.Count()} speed rows left out: {group.Key}.";
        }
    }

    private static BenchRow LogLine(LogPrediction log) => new(Short($"{log.Row.Id} {log.Row.ModelId ?? "?"} {log.Row.VllmVersion}"), Values(
        ("formula %", log.FormulaError * 100), ("concurrency %", log.ConcurrencyError * 100), ("block %", log.BlockError * 100),
        ("weights %", log.WeightsError * 100),
        ("pool, % of device", log.PoolErrorOfDevice * 100), ("counts", log.PoolErrorOfDevice is null ? null : log.Counts ? 1 : 0),
        ("started", log.Row.WasRefused ? 0 : 1), ("starts predicted", log.StartsPredicted is { } starts ? starts ? 1 : 0 : null)));

    private static BenchRow SpeedLine(SpeedPrediction speed) => new(speed.Label, Values(
        ("measured/s", speed.LeftOut is null ? speed.Measured : null), ("predicted/s", speed.LeftOut is null ? speed.Predicted : null),
        ("speed %", speed.LeftOut is null ? speed.Error * 100 : null)));

    private static string Short(string label) => label[..Math.Min(48, label.Length)];

    private static Dictionary<string, double> Values(params (string Name, double? Value)[] values) =>
        values.Where(value => value.Value is not null).ToDictionary(value => value.Name, value => value.Value!.Value);

    private static double At(List<double> ordered, double share) => ordered.Count == 0 ? double.NaN : ordered[Math.Min(
        ordered.Count - 1, (int)Math.Ceiling(share * ordered.Count) - 1)];
}
