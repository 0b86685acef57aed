using AiInfra.AppHost.Instances;
using AiInfra.AppHost.Prerequisites;
using AiInfra.AppHost.Processes;
using AiInfra.Tests.Fixtures;

namespace AiInfra.Tests.AppHost;

/// <summary>Whole AppHosts beside and after each other. No models are started: they change nothing here.</summary>
[Collection(PlatformCollection.Name)]
public sealed class InstanceTests : IDisposable
{
    private static readonly string[] Small = ["--AppHost:Replicas=0"];

    private readonly string _root = Directory.CreateTempSubdirectory("aiinfra-instances-").FullName;

    private string State => Path.Combine(_root, "state");

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public async Task What_a_killed_AppHost_left_behind_is_ended_by_the_next_start_and_stop_leaves_nothing()
    {
        IReadOnlyList<InstanceProcess> orphans;
        var path = OnPath("node", "npm", "redis-server");
        await using (var killed = AppHostProcess.Start(State, Small, path))
        {
            await killed.LineAsync("Ready in ");
            orphans = AppHostProcess.Instance(State).Processes;
            await killed.KillAsync();
        }

        Assert.Equal(["chroma", "gateway", "memory", "redis"], orphans.Select(orphan => orphan.Name).Order());
        Assert.All(orphans, orphan => Assert.Equal(orphan.Start, ProcessTable.StartOf(orphan.Id)));

        await using var next = AppHostProcess.Start(State, Small, path);
        await next.LineAsync("Ready in ");
        Assert.All(orphans, orphan => Assert.NotEqual(orphan.Start, ProcessTable.StartOf(orphan.Id)));
        Assert.Contains($"redis (pid {orphans.Single(orphan => orphan.Name == "redis").Id}) was left over", next.Output, StringComparison.Ordinal);

        // Power cuts for every service, one by one: each comes back by itself.
        foreach (var service in AppHostProcess.Instance(State).Processes)
        {
            ProcessTable.SendSignal(service.Id, 9);
            await next.LineAsync($"{service.Name,-7} : Starting: ended with exit code 137");
        }

        await next.UntilAsync(() => next.Output.Split(" : ready ").Length - 1 >= 8);
        var running = AppHostProcess.Instance(State).Processes;
        Assert.Equal(4, running.Count);

        await using var list = AppHostProcess.Start(State, ["--list"]);
        Assert.Equal(0, await list.ExitAsync());
        Assert.Contains($"AppHost, pid {next.Id},", list.Output, StringComparison.Ordinal);
        await using var logs = AppHostProcess.Start(State, ["--logs", "redis"]);
        await logs.LineAsync("Ready to accept connections");
        await using var stop = AppHostProcess.Start(State, ["--stop"]);
        Assert.Equal(0, await stop.ExitAsync());

        Assert.Equal(0, await next.ExitAsync());
        Assert.Equal(0, await logs.ExitAsync());
        Assert.All(running, process => Assert.NotEqual(process.Start, ProcessTable.StartOf(process.Id)));
        Assert.False(File.Exists(Path.Combine(State, "instance.json")));
        await using var again = AppHostProcess.Start(State, ["--stop"]);
        Assert.Equal(1, await again.ExitAsync());
    }

    [Fact]
    public async Task Two_instances_started_at_once_do_not_meet_and_a_missing_node_costs_chroma_alone()
    {
        var bare = OnPath();
        await using var one = AppHostProcess.Start(State, Small, bare);
        await using var two = AppHostProcess.Start(State, Small, bare);

        await Task.WhenAll(one.LineAsync("Started without chroma"), two.LineAsync("Started without chroma"));
        var (first, second) = (AppHostProcess.Instance(State), AppHostProcess.Instance($"{State}-2"));

        Assert.Equal(new[] { one.Id, two.Id }.Order(), new[] { first.Id, second.Id }.Order());
        Assert.Equal(6, first.Processes.Concat(second.Processes).Select(process => process.Url).Distinct().Count());
        Assert.Contains("'chroma' is left out: 'node' is not on PATH. Install it (Node.js 20 or later, https://nodejs.org)", one.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("sk-", one.Output, StringComparison.Ordinal);

        var exits = await Task.WhenAll(one.InterruptAsync(), two.InterruptAsync());
        Assert.All(exits, exit => Assert.Equal(0, exit));
        Assert.All(first.Processes.Concat(second.Processes), process => Assert.NotEqual(process.Start, ProcessTable.StartOf(process.Id)));
        Assert.Contains("Stopped: nothing is left running.", one.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_wrong_setting_is_told_in_one_sentence()
    {
        await using var appHost = AppHostProcess.Start(State, ["--AppHost:Replicas=many"]);

        Assert.NotEqual(0, await appHost.ExitAsync());
        Assert.Equal("AppHost:Replicas is 'many': a number from 0 to 16.", appHost.Output.Trim());
    }

    // What the platform needs and no more: the machine may have monitoring programs as well.
    private Dictionary<string, string> OnPath(params string[] commands)
    {
        var folder = Directory.CreateDirectory(Path.Combine(_root, $"bin{commands.Length}")).FullName;
        foreach (var (command, target) in commands.Select(command => (command, CommandLookup.Find(command))).Where(one => one.Item2 is not null))
        {
            File.CreateSymbolicLink(Path.Combine(folder, command), target!);
        }

        return new Dictionary<string, string> { ["PATH"] = folder };
    }
}
