using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;

namespace AiInfra.Tests.AppHost;

public sealed class LogTests : EngineTest
{
    [Fact]
    public async Task A_resource_that_prints_a_hundred_megabytes_fills_neither_disk_nor_memory()
    {
        AddScript("talker", "yes 0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789 | head -c 100000000; echo; echo the end");
        var app = await StartAsync();

        await WaitAsync(app, "talker", snapshot => snapshot.State?.Text == KnownResourceStates.Finished);
        await LineAsync(app, "talker", line => line == "the end");

        var files = new DirectoryInfo(Builder.State().Folder("logs")).GetFiles("talker.log*");
        Assert.InRange(files.Sum(file => file.Length), 1_000_000, 9_000_000);
        Assert.Equal("the end", LinesOf(app, "talker")[^1]);
    }

    [Fact]
    public async Task A_line_without_an_end_is_cut_and_colours_are_left_out()
    {
        AddScript("painter", """printf '\033[31mred\033[0m\n'; head -c 100000 /dev/zero | tr '\0' x; echo; echo end""");
        var app = await StartAsync();

        await LineAsync(app, "painter", line => line == "end");

        var lines = LinesOf(app, "painter");
        Assert.Equal("red", lines[0]);
        Assert.All(lines, line => Assert.InRange(line.Length, 0, 64 * 1024));
        Assert.Equal(100_000, lines.Sum(line => line.Count(c => c == 'x')));
    }

    [Fact]
    public async Task A_log_that_cannot_be_written_does_not_hold_up_the_resource()
    {
        // As on a full disk: the file cannot be made.
        Directory.CreateDirectory(Path.Combine(Builder.State().Folder("logs"), "server.log"));
        AddServer("server", "echo hello; exec sleep 600");
        var app = await StartAsync();

        await LineAsync(app, "server", line => line == "hello");
        Assert.Equal(KnownResourceStates.Running, StateOf(app, "server").State?.Text);
    }
}
