using System.Diagnostics;
using AiInfra.Bench.Memory;
using AiInfra.Bench.Running;

namespace AiInfra.Bench.Crash;

/// <summary>Rounds of SIGKILL against one kind of Chroma.</summary>
internal sealed class CrashRun(ChromaCommand command, int rounds, int seed)
{
    private const int Writers = 4;
    private static readonly TimeSpan HealLimit = TimeSpan.FromSeconds(90);

    private readonly Random _random = new(seed);
    private readonly CrashLog _log = new();
    private int _missing;
    private int _torn;
    private int _unhealed;
    private int _damages;
    private double _slowestHeal;

    public async Task<BenchRow> RunAsync(ServiceTokens tokens, CancellationToken cancellationToken)
    {
        await using var chroma = new ChromaProcess(command);
        await chroma.StartAsync(cancellationToken);
        await using var memory = await MemoryProcess.StartAsync(
            tokens, cancellationToken, ("ConnectionStrings__chroma", $"Endpoint={chroma.Address}"), ("Indexing__RetryDelay", "00:00:00.2"),
            ("Indexing__CheckInterval", "00:00:01"), ("Chroma__SyncThreshold", "500"));
        for (var round = 0; round < rounds; round++)
        {
            await RoundAsync(memory, chroma, round, cancellationToken);
        }

        return new BenchRow($"Chroma {command.Label}", new Dictionary<string, double>
        {
            ["rounds"] = rounds,
            ["acknowledged"] = _log.Acknowledged,
            ["missing or changed"] = _missing,
            ["torn batches"] = _torn,
            ["files damaged"] = _damages,
            ["not healed"] = _unhealed,
            ["slowest heal s"] = _slowestHeal,
        });
    }

    private async Task RoundAsync(MemoryProcess memory, ChromaProcess chroma, int round, CancellationToken cancellationToken)
    {
        var clients = Enumerable.Range(0, Writers).Select(_ => memory.Client("crash")).ToList();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var writers = clients.Select((client, i) => _log.WriteAsync(client, i, stop.Token)).ToList();
        await Task.Delay(_random.Next(200, 1500), cancellationToken);
        // Each kind of round in turn; every fifth damages Chroma's files while it runs.
        var (killsMemory, killsChroma, damages) = (round % 3 != 1, round % 3 != 0 || round % 5 == 4, round % 5 == 4);
        if (damages)
        {
            Damage(chroma, round);
        }

        await Task.WhenAll(killsMemory ? memory.KillAsync() : Task.CompletedTask, killsChroma ? chroma.KillAsync() : Task.CompletedTask);
        await stop.CancelAsync();
        await Task.WhenAll(writers);
        clients.ForEach(client => client.Dispose());
        if (killsMemory)
        {
            await memory.RestartAsync(cancellationToken);
        }

        using var reader = memory.Client("crash");
        var findings = await _log.CompareAsync(reader, cancellationToken);
        // Searches go on while Chroma is away.
        await reader.SearchAsync("sentence 0", Rankings.Default, 1, cancellationToken);
        (_missing, _torn) = (_missing + findings.Missing, _torn + findings.TornBatches);
        await HealAsync(chroma, findings.Memories, cancellationToken);
    }

    private void Damage(ChromaProcess chroma, int round)
    {
        var files = Directory.EnumerateFiles(chroma.Folder, "*.bin", SearchOption.AllDirectories).ToList();
        if (round % 2 == 0 && files.Count > 0)
        {
            using var file = File.OpenWrite(files[_random.Next(files.Count)]);
            file.SetLength(file.Length / 3);
        }
        else
        {
            foreach (var file in Directory.EnumerateFiles(chroma.Folder, "*", SearchOption.AllDirectories))
            {
                File.Delete(file);
            }
        }

        _damages++;
    }

    private async Task HealAsync(ChromaProcess chroma, int expected, CancellationToken cancellationToken)
    {
        var clock = Stopwatch.StartNew();
        while (clock.Elapsed < HealLimit)
        {
            // A broken collection can kill the server when it is touched: whoever runs it starts it again.
            if (chroma.HasExited)
            {
                await chroma.StartAsync(cancellationToken);
            }

            if (await ChromaCount.OfAsync(chroma.Address, cancellationToken) == expected)
            {
                _slowestHeal = Math.Max(_slowestHeal, clock.Elapsed.TotalSeconds);
                return;
            }

            await Task.Delay(100, cancellationToken);
        }

        _unhealed++;
    }
}
