using AiInfra.Gateway.Limits;

namespace AiInfra.Tests.Limits;

public sealed class JournalTests : IDisposable
{
    private static readonly MeterRule Budget = new(MeterUnit.Tokens, MeterSpan.Day, 1000);
    private static readonly MeterRule Running = new(MeterUnit.Running, MeterSpan.Now, 9);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("aiinfra-journal-");
    private readonly IReadOnlyList<Claim> _claims;

    public JournalTests()
    {
        var period = Period.Of(MeterSpan.Day, DateTimeOffset.UnixEpoch);
        _claims =
        [
            new Claim(new Meter(new MeterId("tenant", MeterUnit.Tokens, period), "aiinfra:{t}:budget", Budget), 100),
            new Claim(new Meter(new MeterId("tenant", MeterUnit.Running, Period.Of(MeterSpan.Now, default)), "aiinfra:{t}:running", Running), 1),
        ];
    }

    [Theory]
    [InlineData(1_000_000)]
    [InlineData(1)]
    public void What_was_settled_is_closed_for_its_use_and_what_was_open_for_its_bound(long rewriteBytes)
    {
        using (var journal = new Journal(_folder.FullName, "g1", rewriteBytes))
        {
            for (var id = 0; id < 5; id++)
            {
                journal.Open(id, "t", new ReservedFor("1970-01-01", "k|u|m", 100), _claims);
                journal.Sync();
            }

            journal.Settle(1, _claims, 7, 0, new JournalUsage(1, "t", "1970-01-01", "k|u|m", [1, 5, 0, 2, 0, 0, 9]));
            journal.Settle(2, _claims, 30, 0, new JournalUsage(2, "t", "1970-01-01", "k|u|m", [1, 20, 0, 10, 0, 0, 9]));
            journal.Acknowledge("t", 1);
            journal.Sync();
        }

        var (gateway, file) = Journal.Orphans(_folder.FullName).Single();
        using (file)
        {
            var state = Journal.Read(file);
            var lines = state.ClosingLines("t").ToList();

            Assert.Equal("g1", gateway);
            Assert.Equal([("aiinfra:{t}:budget", 337L, 337L), ("aiinfra:{t}:running", 0L, 0L)], lines.Select(line => (line.StoreKey, line.Used, line.Keep)));
            // Record 1 is in the books; requests 0, 3 and 4 were never settled.
            Assert.Equal([(2L, 0L), (3L, 100L), (4L, 100L), (5L, 100L)], state.UsageWithOrphans().Select(usage => (usage.Serial, usage.Figures[4])));
        }
    }

    [Fact]
    public void What_a_full_disk_refused_is_not_open_and_what_was_used_meanwhile_is_written_with_what_comes_next()
    {
        if (!OperatingSystem.IsLinux())
        {
            return; // nowhere else is there a disk that is always full
        }

        File.CreateSymbolicLink(Path.Combine(_folder.FullName, "g1.journal"), "/dev/full");
        using (var journal = new Journal(_folder.FullName, "g1", 1_000_000))
        {
            Assert.Throws<IOException>(() => journal.Open(1, "t", new ReservedFor("1970-01-01", "k|u|m", 100), _claims));
            // Written anew beside the old file, which here is where the room is.
            journal.Open(2, "t", new ReservedFor("1970-01-01", "k|u|m", 100), _claims);
            journal.Settle(2, _claims, 7, 0, new JournalUsage(1, "t", "1970-01-01", "k|u|m", [1, 5, 0, 2, 0, 0, 9]));
            journal.Open(3, "t", new ReservedFor("1970-01-01", "k|u|m", 100), _claims);
        }

        var (_, file) = Journal.Orphans(_folder.FullName).Single();
        using (file)
        {
            var state = Journal.Read(file);
            Assert.Equal([3L], state.Open.Keys);
            Assert.Equal(107, state.ClosingLines("t").First(line => line.StoreKey == "aiinfra:{t}:budget").Used);
        }
    }

    [Fact]
    public void The_journal_of_a_living_gateway_is_nobodys_orphan()
    {
        using var journal = new Journal(_folder.FullName, "g1", 1_000_000);

        Assert.Empty(Journal.Orphans(_folder.FullName));
    }

    [Fact]
    public void A_torn_line_is_left_out()
    {
        File.WriteAllText(Path.Combine(_folder.FullName, "g2.journal"), "M 0 b 1000 86400000 t aiinfra:{t}:budget\nO 1 t 1970-01-01 k|u|m 100 0:100\nS 1 0:4");

        var (_, file) = Journal.Orphans(_folder.FullName).Single();
        using (file)
        {
            Assert.Equal([100L], Journal.Read(file).ClosingLines("t").Select(line => line.Used));
        }
    }

    [Fact]
    public void Lines_that_a_killed_process_had_half_copied_are_left_out_whole()
    {
        var text = "M 0 b 1000 86400000 t aiinfra:{t}:budget 0\nO 1 t 1970-01-01 k|u|m 100 0:100\n\0 1 0:4\nU 1 t 1970-01-01 k|u|m 1 2 0 2 0 0 9\n\0\0";
        File.WriteAllText(Path.Combine(_folder.FullName, "g2.journal"), text);

        var (_, file) = Journal.Orphans(_folder.FullName).Single();
        using (file)
        {
            var state = Journal.Read(file);

            Assert.Equal([100L], state.ClosingLines("t").Select(line => line.Used));
            Assert.Empty(state.Usage);
        }
    }

    [Fact]
    public void A_journal_grows_while_it_is_written_and_read_back_it_is_whole()
    {
        const int Requests = 20_000;
        using (var journal = new Journal(_folder.FullName, "g1", 1 << 30))
        {
            for (var id = 0; id < Requests; id++)
            {
                journal.Open(id, "t", new ReservedFor("1970-01-01", "k|u|m", 100), _claims);
                journal.Settle(id, _claims, 7, 0, new JournalUsage(id + 1, "t", "1970-01-01", "k|u|m", [1, 5, 0, 2, 0, 0, 9]));
                if (id % 5000 == 0)
                {
                    journal.Sync();
                }
            }
        }

        var (_, file) = Journal.Orphans(_folder.FullName).Single();
        using (file)
        {
            var state = Journal.Read(file);

            Assert.True(file.Length > 1 << 20);
            Assert.Equal(Requests, state.Usage.Count);
            Assert.Equal([7L * Requests, 0L], state.ClosingLines("t").Select(line => line.Used));
        }
    }

    public void Dispose() => _folder.Delete(recursive: true);
}
