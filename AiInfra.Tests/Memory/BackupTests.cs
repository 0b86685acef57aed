using System.Globalization;
using AiInfra.MemoryService.Backup;
using AiInfra.MemoryService.Memories;
using AiInfra.MemoryService.Storage;
using Microsoft.Extensions.Options;

namespace AiInfra.Tests.Memory;

public sealed class BackupTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_backup_made_under_load_holds_everything_acknowledged_before_it_and_every_batch_whole()
    {
        using var folder = new TemporaryFolder();
        await using var memory = new InProcessMemory();
        var backup = new MemoryBackup(memory.Databases, Options.Create(new BackupOptions { Folder = folder.At("backups"), KeptDaily = 2, KeptWeekly = 0, KeptMonthly = 0 }), memory.Time);
        var caller = InProcessMemory.Caller("ann");
        var acknowledged = new List<string>();
        using var stop = new CancellationTokenSource();
        var writing = Task.Run(
            async () =>
            {
                for (var batch = 0; !stop.IsCancellationRequested; batch++)
                {
                    var stored = await memory.Store.StoreAsync(caller, [new($"{batch} a"), new($"{batch} b"), new($"{batch} c")], null, CancellationToken.None);
                    lock (acknowledged)
                    {
                        acknowledged.AddRange(stored.Memories.Select(one => one.Id));
                    }
                }
            },
            Cancelled);
        await WaitUntil.TrueAsync(() => Task.FromResult(Count() >= 60), Cancelled);

        List<string> before;
        lock (acknowledged)
        {
            before = [.. acknowledged];
        }

        var made = await backup.MakeAsync(Cancelled);
        var goal = Count() + 6;
        await WaitUntil.TrueAsync(() => Task.FromResult(Count() >= goal), Cancelled);
        await stop.CancelAsync();
        await writing;
        using var said = new StringWriter();
        Assert.Equal(0, RestoreCommand.Run(["--from", Path.Combine(folder.At("backups"), made.Name), "--to", folder.At("restored")], said));
        Assert.Equal(1, RestoreCommand.Run(["--from", Path.Combine(folder.At("backups"), made.Name), "--to", folder.At("restored")], said));

        await using var restored = new InProcessMemory(options => options.DataFolder = folder.At("restored"));
        var page = restored.Store.List(caller, null, null, 100_000).Memories;
        Assert.Subset(page.Select(one => one.Id).ToHashSet(), before.ToHashSet());
        Assert.All(page.GroupBy(one => one.Text.Split(' ')[0]), batch => Assert.Equal(3, batch.Count()));

        int Count()
        {
            lock (acknowledged)
            {
                return acknowledged.Count;
            }
        }
    }

    [Fact]
    public async Task A_backup_of_an_older_schema_is_restored_into_todays()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder.At("old"));
        string id;
        await using (var memory = new InProcessMemory(options => options.DataFolder = folder.At("old")))
        {
            id = (await memory.StoreAsync(InProcessMemory.Caller("ann"), new CreateMemoryRequest("From before."), Cancelled)).Id;
        }

        // What the first version's file lacked.
        using (var connection = SqliteConnections.Open(Directory.EnumerateFiles(folder.At("old"), "*.memories.db").Single(), readOnly: false))
        {
            connection.Execute("DROP TABLE injections; DROP TABLE injected; DROP TABLE erasures; DROP TABLE extractions; DROP TABLE derivations; PRAGMA user_version = 1; PRAGMA wal_checkpoint(TRUNCATE)");
        }

        using var said = new StringWriter();
        Assert.Equal(0, RestoreCommand.Run(["--from", folder.At("old"), "--to", folder.At("new")], said));
        await using var restored = new InProcessMemory(options => options.DataFolder = folder.At("new"));
        Assert.Equal("From before.", restored.Store.Find(InProcessMemory.Caller("ann"), id)?.Text);
    }

    [Fact]
    public void A_year_of_nightly_backups_leaves_seven_days_four_weeks_and_six_months()
    {
        var options = new BackupOptions();
        List<DateTime> there = [];
        var night = new DateTime(2026, 1, 1, 3, 0, 0, DateTimeKind.Utc);
        for (; night.Year == 2026; night = night.AddDays(1))
        {
            there.Add(night);
            there = [.. BackupRetention.Kept(there, options).Order()];
        }

        string[] expected =
        [
            "2026-07-31", "2026-08-31", "2026-09-30", "2026-10-31", "2026-11-30", // the ends of months; December's is the last night
            "2026-12-13", "2026-12-20", // Sundays; the next one is among the days
            "2026-12-25", "2026-12-26", "2026-12-27", "2026-12-28", "2026-12-29", "2026-12-30", "2026-12-31",
        ];
        Assert.Equal(expected, there.Select(at => at.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)));

        // Two of one day: the later one is that day's.
        Assert.Equal([night.AddHours(9)], BackupRetention.Kept([night, night.AddHours(9)], options));
    }

    [Fact]
    public async Task A_damaged_backup_is_refused_by_name_and_old_backups_are_dropped()
    {
        using var folder = new TemporaryFolder();
        await using var memory = new InProcessMemory();
        var backup = new MemoryBackup(memory.Databases, Options.Create(new BackupOptions { Folder = folder.At("backups"), KeptDaily = 2, KeptWeekly = 0, KeptMonthly = 0 }), memory.Time);
        await memory.Store.StoreAsync(InProcessMemory.Caller("ann"), [.. Enumerable.Range(0, 50).Select(i => new CreateMemoryRequest($"Memory {i}"))], null, Cancelled);
        var names = new List<string>();
        for (var i = 0; i < 3; i++)
        {
            names.Add((await backup.MakeAsync(Cancelled)).Name);
            memory.Time.Advance(TimeSpan.FromDays(1));
        }

        Assert.Equal(names[1..], Directory.EnumerateDirectories(folder.At("backups")).Select(Path.GetFileName).Order());
        var file = Directory.EnumerateFiles(Path.Combine(folder.At("backups"), names[2])).Single();
        await using (var damage = File.OpenWrite(file))
        {
            damage.Position = damage.Length / 2;
            await damage.WriteAsync(new byte[8192], Cancelled);
        }

        using var said = new StringWriter();
        Assert.Equal(1, RestoreCommand.Run(["--from", Path.Combine(folder.At("backups"), names[2]), "--to", folder.At("restored")], said));
        Assert.Contains(Path.GetFileName(file), said.ToString(), StringComparison.Ordinal);
    }
}
