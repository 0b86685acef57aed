using System.Globalization;
using System.Text.Json;

namespace AiInfra.Bench.Running;

/// <summary>The command line: <c>NAME [--data DIR] [--json FILE] [--check] [--full]</c>, or <c>list</c>.</summary>
internal static class BenchCommand
{
    public static async Task<int> RunAsync(IReadOnlyList<IBenchmark> benchmarks, string[] args)
    {
        CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
        if (args is [] or ["list"] or ["--help"])
        {
            Console.WriteLine("dotnet run -c Release --project bench -- NAME [--data DIR] [--json FILE] [--check] [--full]\n");
            foreach (var benchmark in benchmarks)
            {
                Console.WriteLine($"  {benchmark.Name,-12} {benchmark.Summary}");
            }

            return 0;
        }

        using var stop = new CancellationTokenSource();
        Console.CancelKeyPress += (_, pressed) =>
        {
            pressed.Cancel = true;
            stop.Cancel();
        };
        try
        {
            var selected = benchmarks.FirstOrDefault(benchmark => benchmark.Name == args[0])
                ?? throw new BenchException($"There is no benchmark '{args[0]}': 'list' names them all.");
            var arguments = Parse(args[1..]);
            var report = await selected.RunAsync(arguments, stop.Token);
            BenchTable.Print(report, Console.Out);
            if (arguments.Json is { } file)
            {
                await File.WriteAllTextAsync(file, JsonSerializer.Serialize(report, BenchJson.Default.BenchReport), stop.Token);
            }

            return arguments.Check && report.Bars.Any(bar => !bar.Holds) ? 1 : 0;
        }
        catch (BenchException problem)
        {
            await Console.Error.WriteLineAsync(problem.Message);
            return 2;
        }
    }

    private static BenchArguments Parse(string[] args)
    {
        var arguments = new BenchArguments(null, null, false, false);
        for (var i = 0; i < args.Length; i++)
        {
            arguments = args[i] switch
            {
                "--data" when i + 1 < args.Length => arguments with { Data = args[++i] },
                "--json" when i + 1 < args.Length => arguments with { Json = args[++i] },
                "--check" => arguments with { Check = true },
                "--full" => arguments with { Full = true },
                _ => throw new BenchException($"'{args[i]}' is not understood: --data DIR, --json FILE, --check, --full."),
            };
        }

        return arguments;
    }
}
