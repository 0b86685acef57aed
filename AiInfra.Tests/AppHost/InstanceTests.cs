using AiInfra.AppHost.Instances;
using AiInfra.AppHost.Prerequisites;
using AiInfra.AppHost.Processes;
using AiInfra.Tests.Fixtures;

namespace AiInfra.Tests.AppHost;

/// <summary>Whole AppHosts beside and after each other.</summary>
[Collection(PlatformCollection.Name)]
public sealed class InstanceTests : IDisposable
{
    private static readonly string[] Small = ["--AppHost:Replicas=0"];
    private static readonly string[] Services = ["chroma", "gateway", "memory", "redis", "vllm0"];

    private readonly string _root = Directory.CreateTempSubdirectory("aiinfra-instances-").FullName;

    private string State => Path.Combine(_root, "state");

    public void Dispose()
    {
        // A failed test kills AppHosts or loses them: what they left must not trouble the next one.
        foreach (var file in Directory.EnumerateFiles(_root, "instance.json", SearchOption.AllDirectories))
        {
            var record = InstanceFile.Read(Path.GetDirectoryName(file)!);
            record?.Processes.Where(process => ProcessTable.StartOf(process.Id) == process.Start).ToList().ForEach(process => ProcessTable.Signal(process.Id, 9));
        }

        Directory.Delete(_root, recursive: true);
    }

    [Fact]
    public async Task What_a_killed_AppHost_left_behind_is_ended_by_the_next_start_and_stop_leaves_nothing()
    {
        IReadOnlyList<InstanceProcess> orphans;
        var path = OnPath("node", "npm", "redis-server");
        string[] oneReplica = ["--AppHost:Replicas=1"];
        await using (var killed = AppHostProcess.Start(State, oneReplica, path))
        {
            await killed.LineAsync("Ready in ");
            orphans = AppHostProcess.Instance(State).Processes;
            await killed.KillAsync();
        }

        Assert.Equal(Services, orphans.Select(orphan => orphan.Name).Order());
        Assert.All(orphans, orphan => Assert.Equal(orphan.Start, ProcessTable.StartOf(orphan.Id)));

        await using var next = AppHostProcess.Start(State, oneReplica, path);
        await next.LineAsync("Ready in ");
        Assert.All(orphans, orphan => Assert.NotEqual(orphan.Start, ProcessTable.StartOf(orphan.Id)));
        Assert.Contains($"redis (pid {orphans.Single(orphan => orphan.Name == "redis").Id}) was left over", next.Output, StringComparison.Ordinal);

        // Power cuts for every service, one by one: each comes back by itself.
        foreach (var service in AppHostProcess.Instance(State).Processes)
        {
            ProcessTable.SendSignal(service.Id, 9);
            await next.LineAsync($"{service.Name,-7} : Starting: ended with exit code 137");
        }

        await next.UntilAsync(() => next.Output.Split(" : ready ").Length - 1 >= 2 * Services.Length);
        var running = AppHostProcess.Instance(State).Processes;
        Assert.Equal(Services, running.Select(process => process.Name).Order());

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
    public async Task Two_instances_started_at_once_do_not_meet_and_are_found_and_stopped_from_anywhere()
    {
        // Nothing but defaults, in a home of the test's own; and nothing on PATH: a missing node costs chroma alone.
        var bare = OnPath();
        bare["XDG_DATA_HOME"] = Path.Combine(_root, "home");
        var command = AppHostProcess.CommandLine(["--DcpPublisher:RandomizePorts=true", .. Small]);
        await using var one = AppHostProcess.Start(command, bare);
        await using var two = AppHostProcess.Start(command, bare);

        await Task.WhenAll(one.LineAsync("Started without chroma"), two.LineAsync("Started without chroma"));
        var records = Directory.GetFiles(bare["XDG_DATA_HOME"], "instance.json", SearchOption.AllDirectories)
            .Select(file => InstanceFile.Read(Path.GetDirectoryName(file)!)!).ToList();
        var processes = records.SelectMany(record => record.Processes).ToList();

        Assert.Equal(new[] { one.Id, two.Id }.Order(), records.Select(record => record.Id).Order());
        Assert.Equal(6, processes.Select(process => process.Url).Distinct().Count());
        Assert.Contains("'chroma' is left out: 'node' is not on PATH. Install it (Node.js 20 or later, https://nodejs.org)", one.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("sk-", one.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("Discovery of the replicas", one.Output, StringComparison.Ordinal);

        var (_, list) = await AskAsync(bare, "--list");
        Assert.All([one.Id, two.Id], id => Assert.Contains($"AppHost, pid {id},", list, StringComparison.Ordinal));
        var (unknown, answer) = await AskAsync(bare, "--logs", "gatway");
        Assert.Equal(1, unknown);
        Assert.Contains("There is: gateway, memory, redis.", answer, StringComparison.Ordinal);

        Assert.Equal(0, (await AskAsync(bare, "--stop", $"{two.Id}")).ExitCode);
        Assert.Equal(0, await two.ExitAsync());
        Assert.DoesNotContain($"pid {two.Id},", (await AskAsync(bare, "--list")).Output, StringComparison.Ordinal);
        Assert.Equal(0, await one.InterruptAsync());
        Assert.All(processes, process => Assert.NotEqual(process.Start, ProcessTable.StartOf(process.Id)));
        Assert.Contains("Stopped: nothing is left running.", one.Output, StringComparison.Ordinal);
        Assert.Equal(1, (await AskAsync(bare, "--list")).ExitCode);
    }

    [Fact]
    public async Task A_state_folder_of_a_newer_version_is_left_alone_and_said_in_one_sentence()
    {
        Directory.CreateDirectory(State);
        await File.WriteAllTextAsync(Path.Combine(State, "version"), "99", TestContext.Current.CancellationToken);
        await using var appHost = AppHostProcess.Start(State, Small);

        Assert.NotEqual(0, await appHost.ExitAsync());
        Assert.Equal(
            $"{State} was written by a newer AiInfra (layout 99, this one knows 1): update, or set AppHost:State to another folder.", appHost.Output.Trim());
        Assert.Equal(["lock", "version"], Directory.GetFileSystemEntries(State).Select(Path.GetFileName).Order());
    }

    [Fact]
    public async Task A_wrong_setting_is_told_in_one_sentence()
    {
        await using var appHost = AppHostProcess.Start(State, ["--AppHost:Replicas=many"]);

        Assert.NotEqual(0, await appHost.ExitAsync());
        Assert.Equal("AppHost:Replicas is 'many': a number from 0 to 16.", appHost.Output.Trim());
    }

    private static async Task<(int ExitCode, string Output)> AskAsync(IReadOnlyDictionary<string, string> environment, params string[] arguments)
    {
        await using var asked = AppHostProcess.Start(AppHostProcess.CommandLine(arguments), environment);
        var exitCode = await asked.ExitAsync();
        return (exitCode, asked.Output);
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
