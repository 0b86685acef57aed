using AiInfra.Bench.Running;

namespace AiInfra.Bench.Startup;

/// <summary>Starts and stops the whole platform again and again: how long, whose time it is, what is left behind.</summary>
internal sealed class StartupBenchmark : IBenchmark
{
    public string Name => "startup";

    public string Summary => "start to ready of the whole platform beside the time that its services need themselves, stops, leftovers, idle cost; 5 starts (20 with --full), minutes";

    public async Task<BenchReport> RunAsync(BenchArguments arguments, CancellationToken cancellationToken)
    {
        var state = Directory.CreateTempSubdirectory("aiinfra-startup-").FullName;
        try
        {
            var rows = new List<BenchRow>();
            var (idle, resident) = (0.0, 0L);
            var starts = arguments.Full ? 20 : 5;
            for (var number = 1; number <= starts; number++)
            {
                using var run = new StartupRun(state);
                await run.UntilReadyAsync(cancellationToken);
                if (number == starts)
                {
                    idle = await run.IdleShareAsync(TimeSpan.FromSeconds(20), cancellationToken);
                    resident = run.ResidentBytes;
                }

                var (took, left) = await run.StopAsync(cancellationToken);
                rows.Add(new BenchRow($"start {number}", new Dictionary<string, double>
                {
                    ["ready s"] = run.ReadyAfter.TotalSeconds,
                    ["services s"] = run.ServicesNeeded.TotalSeconds,
                    ["engine s"] = (run.ReadyAfter - run.ServicesNeeded).TotalSeconds,
                    ["stop s"] = took.TotalSeconds,
                    ["processes"] = run.Processes.Count,
                    ["left"] = left,
                }));
            }

            var folders = Directory.GetDirectories(Path.GetDirectoryName(state)!, $"{Path.GetFileName(state)}-*").Length;
            return new BenchReport(Name, rows,
            [
                BenchBar.AtMost("engine's own share of start to ready, p50 s", Median(rows, "engine s"), 1),
                BenchBar.AtMost("left behind after all stops (processes, ports, files, folders)", rows.Sum(row => row.Values["left"]) + folders, 0),
                BenchBar.AtMost("idle CPU of the AppHost, % of a core", idle * 100, 1),
            ])
            {
                Notes =
                [
                    $"start to ready p50 {Median(rows, "ready s"):0.0} s, the services' own slowest chain (process start to first answer) p50 {Median(rows, "services s"):0.0} s, stop p50 {Median(rows, "stop s"):0.0} s.",
                    $"resident memory of the AppHost {resident / 1024 / 1024} MiB; {Environment.ProcessorCount} cores; the first start may include the installation of Chroma.",
                ],
            };
        }
        finally
        {
            Directory.Delete(state, recursive: true);
        }
    }

    private static double Median(List<BenchRow> rows, string column)
    {
        var values = rows.Select(row => row.Values[column]).Order().ToList();
        return values[values.Count / 2];
    }
}
