using System.Diagnostics;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Testing;

namespace AiInfra.Tests.AppHost;

public sealed class RestartTests : EngineTest
{
    [Fact]
    public async Task A_killed_server_comes_back_on_its_port()
    {
        AddServer("server");
        var app = await StartAsync();
        var (pid, address) = (StateOf(app, "server").ProcessId, app.GetEndpoint("server"));

        using (var process = Process.GetProcessById(pid!.Value))
        {
            process.Kill();
        }

        await WaitAsync(app, "server", snapshot => snapshot.ProcessId is { } now && now != pid);
        Assert.Equal(address, app.GetEndpoint("server"));
    }

    [Fact]
    public async Task A_server_that_keeps_crashing_is_given_up_with_its_last_twenty_lines()
    {
        AddServer("server", "for i in $(seq 30); do echo line $i; done; exit 3");
        var app = await StartAsync();

        var given = await WaitAsync(app, "server", snapshot => snapshot.State?.Text == KnownResourceStates.Exited);

        Assert.Equal(3, given.Snapshot.ExitCode);
        Assert.Contains("5 times in a row", given.Snapshot.Reason, StringComparison.Ordinal);
        Assert.Contains("line 30", given.Snapshot.Reason, StringComparison.Ordinal);
        Assert.Contains("line 11\n", given.Snapshot.Reason, StringComparison.Ordinal);
        Assert.DoesNotContain("line 10\n", given.Snapshot.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_has_no_endpoint_may_end_and_is_not_started_again()
    {
        AddScript("job", "echo done; exit 7");
        var app = await StartAsync();

        var ended = await WaitAsync(app, "job", snapshot => snapshot.State?.Text == KnownResourceStates.Finished);

        Assert.Equal(7, ended.Snapshot.ExitCode);
        Assert.Single(LinesOf(app, "job"), "done");
    }

    [Fact]
    public async Task A_resource_can_be_stopped_started_and_restarted()
    {
        AddServer("server").WithExplicitStart();
        var app = await StartAsync();
        var server = Builder.Resources.Single();
        Assert.Equal(KnownResourceStates.NotStarted, StateOf(app, "server").State?.Text);

        Assert.True((await app.ResourceCommands.ExecuteCommandAsync(server, "start", Cancelled)).Success);
        var first = StateOf(app, "server").ProcessId;
        Assert.True((await app.ResourceCommands.ExecuteCommandAsync(server, "restart", Cancelled)).Success);
        var second = StateOf(app, "server").ProcessId;
        Assert.True((await app.ResourceCommands.ExecuteCommandAsync(server, "stop", Cancelled)).Success);

        Assert.NotEqual(first, second);
        Assert.Equal(KnownResourceStates.Finished, StateOf(app, "server").State?.Text);
        Assert.False((await app.ResourceCommands.ExecuteCommandAsync(server, "dance", Cancelled)).Success);
    }

    [Fact]
    public async Task A_command_that_does_not_exist_fails_alone()
    {
        Builder.AddExecutable("missing", "no-such-command", "/");
        AddServer("server");
        var app = await StartAsync();

        Assert.Equal(KnownResourceStates.FailedToStart, StateOf(app, "missing").State?.Text);
        Assert.Contains("'no-such-command' was not found", StateOf(app, "missing").Reason, StringComparison.Ordinal);
        Assert.Equal(KnownResourceStates.Running, StateOf(app, "server").State?.Text);
    }

    [Fact]
    public async Task A_missing_prerequisite_is_named_with_where_to_get_it()
    {
        AddServer("index").WithRequiredCommand("no-such-command", "https://example.org");
        var app = await StartAsync();

        Assert.Equal(
            "'index' is left out: 'no-such-command' is not on PATH. Install it (https://example.org) and start again.", StateOf(app, "index").Reason);
    }
}
