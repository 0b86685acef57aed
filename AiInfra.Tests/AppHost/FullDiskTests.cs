using System.Diagnostics;
using AiInfra.AppHost.Prerequisites;
using AiInfra.AppHost.State;
using AiInfra.Tests.Fixtures;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.Configuration;

namespace AiInfra.Tests.AppHost;

/// <summary>The disk of the state folder is full: at the first start, for a secret, while services run.</summary>
[Collection(PlatformCollection.Name)]
public sealed class FullDiskTests : EngineTest
{
    // A small file system of the test's own, filled to its end; the second start finds room again.
    private const string OnSmallDisk = """
        mount -t tmpfs -o size=64m none "$0" || exit 99
        head -c 200000000 /dev/zero > "$0/filler" 2> /dev/null
        "$@"; echo "refused with $?, left: $(ls -A "$0" | tr '\n' ' ')"
        rm "$0/filler"
        exec "$@"
        """;

    // Where nobody may mount: a process that may write no byte into any file meets the same end of every write.
    private const string WithoutAByte = """
        (trap '' XFSZ; ulimit -f 0; export DOTNET_EnableWriteXorExecute=0; exec "$@")
        echo "refused with $?, left: $(ls -A "$0" | tr '\n' ' ')"
        exec "$@"
        """;

    [Fact]
    public async Task A_first_start_says_what_is_full_leaves_nothing_half_written_and_works_when_there_is_room()
    {
        var (root, mayMount) = (Directory.CreateDirectory(Path.Combine(Folder, "state")).FullName, await MayMountAsync());
        // Of the programs of this machine none: the services alone fit on a small disk.
        IReadOnlyList<string> appHost = ["/usr/bin/env", $"PATH={Folder}", .. AppHostProcess.CommandLine(root, ["--AppHost:Replicas=0"])];
        IReadOnlyList<string> shell = mayMount ? ["unshare", "-rm", "/bin/sh", "-c", OnSmallDisk, root] : ["/bin/sh", "-c", WithoutAByte, root];

        await using var twice = AppHostProcess.Start([.. shell, .. appHost]);

        await twice.LineAsync("refused with ");
        Assert.Contains($"{Path.Combine(root, "version")} cannot be written: ", twice.Output, StringComparison.Ordinal);
        Assert.Contains("Make room there, or set AppHost:State to another folder.", twice.Output, StringComparison.Ordinal);
        Assert.Contains($"refused with 1, left: {(mayMount ? "filler " : "")}lock", twice.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", twice.Output, StringComparison.Ordinal);
        await twice.LineAsync("Started without chroma");
        Assert.Equal(0, await twice.InterruptAsync());
    }

    [Fact]
    public async Task A_secret_that_cannot_be_kept_is_not_given_out_and_the_kept_ones_stay()
    {
        using var state = StateFolder.Open(
            new ConfigurationBuilder().AddInMemoryCollection([new("AppHost:State", Path.Combine(Folder, "state"))]).Build(), "/nowhere");
        var secrets = new GeneratedSecrets(state);
        var kept = secrets.GetOrCreate("kept", GeneratedSecrets.ApiKey);
        var before = await File.ReadAllTextAsync(secrets.Path, Cancelled);
        // Where the new content would have to be written, nothing can be.
        Directory.CreateDirectory($"{secrets.Path}.next");

        var problem = Assert.Throws<DistributedApplicationException>(() => secrets.GetOrCreate("new", GeneratedSecrets.ApiKey));

        Assert.StartsWith($"{secrets.Path} cannot be written: ", problem.Message, StringComparison.Ordinal);
        Assert.Equal(before, await File.ReadAllTextAsync(secrets.Path, Cancelled));
        Assert.Equal(kept, secrets.GetOrCreate("kept", GeneratedSecrets.ApiKey));
    }

    [Fact]
    public async Task A_disk_that_fills_up_later_costs_no_running_service_its_restart()
    {
        AddServer("server");
        var app = await StartAsync();
        Directory.CreateDirectory(Builder.State().FilePath("instance.json.next"));
        var pid = StateOf(app, "server").ProcessId!.Value;
        using (var process = Process.GetProcessById(pid))
        {
            process.Kill();
        }

        await WaitAsync(app, "server", snapshot => snapshot.State?.Text == KnownResourceStates.Running && snapshot.ProcessId != pid);
    }

    // Containers of some kinds forbid it even to root.
    private async Task<bool> MayMountAsync()
    {
        if (CommandLookup.Find("unshare") is not { } unshare)
        {
            return false;
        }

        using var attempt = Process.Start(new ProcessStartInfo(unshare, ["-rm", "mount", "-t", "tmpfs", "none", Folder]) { RedirectStandardError = true })!;
        await attempt.WaitForExitAsync(Cancelled);
        return attempt.ExitCode == 0;
    }
}
