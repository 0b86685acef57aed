using System.Globalization;
using AiInfra.AppHost.Processes;
using Aspire.Hosting;

namespace AiInfra.Tests.AppHost;

public sealed class StopTests : EngineTest
{
    [Fact]
    public async Task A_grandchild_that_ignores_the_request_to_end_is_killed_with_the_rest()
    {
        // The child obeys at once, its own child does not; another left for a session of its own.
        AddServer("server", """
            (trap '' TERM; while :; do sleep 1; done) & echo deaf $!
            setsid sleep 601 & sleep 0.2; echo gone
            exec sleep 600
            """);
        var app = await StartAsync();
        var root = StateOf(app, "server").ProcessId!.Value;
        await LineAsync(app, "server", line => line.StartsWith("gone", StringComparison.Ordinal));
        var tree = ProcessTable.Tree(root);
        Assert.True(tree.Count >= 3, $"only {tree.Count} processes");

        var server = Builder.Resources.Single();
        var stopping = app.ResourceCommands.ExecuteCommandAsync(server, "stop", Cancelled);
        await stopping;

        Assert.All(tree, pid => Assert.Null(ProcessTable.StartOf(pid)));
    }

    [Fact]
    public async Task Dependents_stop_before_what_they_depend_on()
    {
        var log = Path.Combine(Folder, "order");
        string Script(string name) => $"trap 'echo {name} >> {log}; exit 0' TERM; echo up; while :; do sleep 0.05; done";
        var store = AddServer("store", Script("store"));
        var service = AddServer("service", Script("service")).WaitFor(store);
        AddServer("front", Script("front")).WithReference(service.GetEndpoint("http"));
        var app = await StartAsync();
        foreach (var name in new[] { "store", "service", "front" })
        {
            await LineAsync(app, name, line => line == "up");
        }

        await app.StopAsync(Cancelled);

        Assert.Equal(["front", "service", "store"], await File.ReadAllLinesAsync(log, Cancelled));
    }

    [Fact]
    public async Task Children_have_a_session_of_their_own_so_that_a_terminal_cannot_interrupt_them()
    {
        AddServer("server");
        var app = await StartAsync();
        var pid = StateOf(app, "server").ProcessId!.Value;

        var stat = await File.ReadAllTextAsync($"/proc/{pid}/stat", Cancelled);
        var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');

        Assert.Equal([pid.ToString(CultureInfo.InvariantCulture), pid.ToString(CultureInfo.InvariantCulture)], fields[2..4]);
    }

    [Fact]
    public async Task What_outlives_a_crashed_server_is_ended_before_it_starts_again()
    {
        AddServer("server", "sleep 600 & echo left $!; sleep 0.3; exit 1");
        var app = await StartAsync();
        var left = int.Parse((await LineAsync(app, "server", line => line.StartsWith("left", StringComparison.Ordinal)))[5..], CultureInfo.InvariantCulture);
        var first = StateOf(app, "server").ProcessId;

        await WaitAsync(app, "server", snapshot => snapshot.ProcessId is { } now && now != first);

        Assert.Null(ProcessTable.StartOf(left));
    }
}
