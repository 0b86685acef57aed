using System.Diagnostics;
using AiInfra.Bench.Memory;
using AiInfra.Bench.Running;
using AiInfra.MemoryService.Storage;
using Microsoft.Data.Sqlite;

namespace AiInfra.Bench.Storage;

/// <summary>What memories take on disk, and what each storage measure gives back.</summary>
internal sealed class StorageBenchmark : IBenchmark
{
    private const int BatchSize = 250;

    private static readonly string[] Words =
        ["release", "server", "Thursday", "Ada", "deploys", "review", "staging", "cluster", "nightly", "backup", "invoice", "garden", "train", "violin", "Lisbon", "coffee"];

    public string Name => "storage";

    public string Summary => "bytes a memory takes, the log before and after a checkpoint, the file before and after a vacuum, a backup under load and its restore; about 1 minute, --full 5";

    public async Task<BenchReport> RunAsync(BenchArguments arguments, CancellationToken cancellationToken)
    {
        var count = arguments.Full ? 20_000 : 2_000;
        var folder = Directory.CreateTempSubdirectory("aiinfra-storage-");
        var copy = Directory.CreateTempSubdirectory("aiinfra-restored-");
        try
        {
            await using var tokens = await ServiceTokens.StartAsync(cancellationToken);
            await using var memory = await MemoryProcess.StartAsync(tokens, cancellationToken, ("Memory__DataFolder", folder.FullName));
            using var client = memory.Client("writer");
            var start = Stopwatch.GetTimestamp();
            var ids = await client.StoreAsync(Texts(count, 1), cancellationToken);
            var rate = count / Stopwatch.GetElapsedTime(start).TotalSeconds;

            var file = folder.GetFiles("*.db").Single().FullName;
            var (written, log) = (Size(file), Size($"{file}-wal"));
            using var direct = SqliteConnections.Open(file, readOnly: false);
            direct.Execute("PRAGMA wal_checkpoint(TRUNCATE)");
            var (full, emptied) = (Size(file), Size($"{file}-wal"));

            // A backup while somebody writes: everything acknowledged before it began must be in it.
            var backup = Path.Combine(copy.FullName, Path.GetFileName(file));
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            var load = LoadAsync(memory, stop.Token);
            await Task.Delay(500, cancellationToken);
            var acknowledged = count + load.Stored;
            start = Stopwatch.GetTimestamp();
            await Task.Run(() => Copy(file, backup), cancellationToken);
            var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
            await stop.CancelAsync();
            await load.Ended;
            var (inBackup, isWhole) = Inspect(backup);

            foreach (var id in ids.Take(count / 2))
            {
                using var deleted = await client.DeleteAsync(new Uri($"v1/memories/{id}", UriKind.Relative), cancellationToken);
                deleted.EnsureSuccessStatusCode();
            }

            direct.Execute("PRAGMA wal_checkpoint(TRUNCATE)");
            var holed = Size(file);
            direct.Execute("VACUUM");
            direct.Execute("PRAGMA wal_checkpoint(TRUNCATE)");
            var vacuumed = Size(file);

            // A service on the copy alone answers with what was acknowledged.
            await using var restored = await MemoryProcess.StartAsync(tokens, cancellationToken, ("Memory__DataFolder", copy.FullName));
            using var reader = restored.Client("writer");
            using var found = await reader.GetAsync(new Uri($"v1/memories/{ids[^1]}", UriKind.Relative), cancellationToken);

            var remaining = count - (count / 2) + load.Stored;
            return new BenchReport(Name,
            [
                Row("growth", ("memories", count), ("memories/s", rate), ("bytes a memory", full / (double)count)),
                Row("checkpoint", ("log MB before", log / 1e6), ("log MB after", emptied / 1e6), ("file MB before", written / 1e6), ("file MB after", full / 1e6)),
                Row("vacuum", ("file MB before", holed / 1e6), ("file MB after", vacuumed / 1e6), ("bytes a memory", vacuumed / (double)remaining)),
                Row("backup under load", ("memories", inBackup), ("file MB after", Size(backup) / 1e6), ("seconds", seconds)),
            ],
            [
                BenchBar.AtMost("log after a checkpoint / before", emptied / (double)Math.Max(1, log), 0.01),
                BenchBar.AtMost("file after a vacuum / before, half of the memories deleted", vacuumed / (double)holed, 0.75),
                BenchBar.AtLeast("memories in the backup - acknowledged before it", inBackup - acknowledged, 0),
                BenchBar.AtLeast("backup passes integrity_check (1: yes)", isWhole ? 1 : 0, 1),
                BenchBar.AtLeast("restored service finds an acknowledged memory (1: yes)", found.IsSuccessStatusCode ? 1 : 0, 1),
            ])
            {
                Notes =
                [
                    "One tenant, 30 words a memory, MiniLM vectors with token vectors; without Chroma, which is rebuilt from the records.",
                    "The file is copied by SQLite's own backup (consistent while written), never by cp.",
                ],
            };
        }
        finally
        {
            folder.Delete(recursive: true);
            copy.Delete(recursive: true);
        }
    }

    private static BenchRow Row(string label, params (string Column, double Value)[] values) => new(label, values.ToDictionary(value => value.Column, value => value.Value));

    private static IEnumerable<object> Texts(int count, int seed)
    {
        var random = new Random(seed);
        return Enumerable.Range(0, count).Select(number => (object)new { text = $"{number}: {string.Join(' ', random.GetItems(Words, 30))}." });
    }

    private static Load LoadAsync(MemoryProcess memory, CancellationToken cancellationToken)
    {
        var load = new Load();
        load.Ended = WriteAsync();
        return load;

        async Task WriteAsync()
        {
            using var client = memory.Client("loader");
            try
            {
                for (var seed = 2; ; seed++)
                {
                    var ids = await client.StoreAsync(Texts(BatchSize / 25, seed), cancellationToken);
                    load.Stored += ids.Count;
                }
            }
            catch (OperationCanceledException)
            {
                // The backup is done.
            }
        }
    }

    private static void Copy(string from, string to)
    {
        using var source = SqliteConnections.Open(from, readOnly: true);
        using var target = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = to, Pooling = false }.ConnectionString);
        target.Open();
        source.BackupDatabase(target);
    }

    private static (long Memories, bool IsWhole) Inspect(string file)
    {
        using var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = file, Pooling = false }.ConnectionString);
        connection.Open();
        using var check = connection.CreateCommand();
        check.CommandText = "PRAGMA integrity_check";
        return (connection.Number("SELECT count(*) FROM memories"), (string?)check.ExecuteScalar() == "ok");
    }

    private static long Size(string file) => File.Exists(file) ? new FileInfo(file).Length : 0;

    private sealed class Load
    {
        public int Stored { get; set; }

        public Task Ended { get; set; } = Task.CompletedTask;
    }
}
