using System.Globalization;
using AiInfra.Bench.Memory;
using AiInfra.Bench.Running;

namespace AiInfra.Bench.Crash;

/// <summary>Kills and damages everything under writers, and counts what is lost.</summary>
internal sealed class CrashBenchmark : IBenchmark
{
    /// <summary>A number for other random moments, so that several short runs make a long one.</summary>
    public const string SeedVariable = "AIINFRA_BENCH_SEED";

    private const int QuickRounds = 10;
    private const int FullRounds = 50;
    private const int Seed = 20261124;

    private static readonly string[] Losses = ["missing or changed", "torn batches", "not healed"];

    public string Name => "crash";

    public string Summary => $"SIGKILL of memory service, Chroma and both under writers, Chroma's files deleted or truncated, a disk full or read-only; with --data (chroma-server) on 1.5.9 too; 3 min, --full: 50 rounds, 12 min; ${SeedVariable}=n: other moments";

    public async Task<BenchReport> RunAsync(BenchArguments arguments, CancellationToken cancellationToken)
    {
        var rounds = arguments.Full ? FullRounds : QuickRounds;
        var seed = Environment.GetEnvironmentVariable(SeedVariable) is { Length: > 0 } other ? int.Parse(other, CultureInfo.InvariantCulture) : Seed;
        await using var tokens = await ServiceTokens.StartAsync(cancellationToken);
        var rows = new List<BenchRow>();
        foreach (var command in await ChromaCommand.FindAsync(arguments, cancellationToken))
        {
            rows.Add(await new CrashRun(command, rounds, seed).RunAsync(tokens, cancellationToken));
        }

        var bars = rows.SelectMany(row => Losses.Select(name => BenchBar.AtMost($"{row.Label}, {name}", row.Values[name], 0))).ToList();
        var disk = await FullDisk.RunAsync(tokens, cancellationToken);
        if (disk is var (whenFull, whenReadOnly, torn, missing))
        {
            rows.Add(new BenchRow("a full disk, a read-only disk", new Dictionary<string, double>
            {
                ["status when full"] = whenFull,
                ["status when read-only"] = whenReadOnly,
                ["torn batches"] = torn,
                ["missing or changed"] = missing,
            }));
            bars.AddRange(
            [
                new BenchBar("full disk answers", whenFull, "= 507", whenFull == 507), new BenchBar("read-only disk answers", whenReadOnly, "= 503", whenReadOnly == 503),
                BenchBar.AtMost("full disk, torn batches", torn, 0), BenchBar.AtMost("full disk, acknowledged but missing", missing, 0),
            ]);
        }

        return new BenchReport(Name, rows, bars)
        {
            Notes =
            [
                "4 writers with batches of 1 to 4; sync_threshold 500, so that Chroma writes index files all the time; a heal is the time until Chroma counts what the records count.",
                disk is null ? "The disk was not filled: that needs Linux and root." : "The disk was a tmpfs of 6 MiB.",
            ],
        };
    }
}
