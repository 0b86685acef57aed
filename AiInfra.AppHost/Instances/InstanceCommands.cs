using System.Globalization;
using AiInfra.AppHost.Prerequisites;
using AiInfra.AppHost.Processes;
using AiInfra.AppHost.State;
using Microsoft.Extensions.Configuration;

namespace AiInfra.AppHost.Instances;

/// <summary>
/// What can be asked of instances that run already, from any terminal and any folder: <c>--list</c> all of this user, <c>--stop</c> those
/// of this AppHost (or <c>--stop PID</c> one of the list), <c>--logs NAME</c>.
/// </summary>
internal static class InstanceCommands
{
    /// <returns>The exit code, or null when the arguments ask for nothing of the kind.</returns>
    public static int? TryRun(string[] args)
    {
        if (Array.FindIndex(args, argument => argument is "--list" or "--stop" or "--logs") is not (>= 0 and var position))
        {
            return null;
        }

        var word = args.ElementAtOrDefault(position + 1) is { } next && !next.StartsWith("--", StringComparison.Ordinal) ? next : null;
        // The settings that a start reads: both must look at the same folder.
        var configuration = new ConfigurationBuilder().SetBasePath(BuiltServices.AppHostDirectory).AddJsonFile("appsettings.json", optional: true)
            .AddEnvironmentVariables().AddCommandLine([.. args[..position], .. args[(position + (word is null ? 1 : 2))..]]).Build();
        var root = StateFolder.Root(configuration, BuiltServices.AppHostDirectory);
        return args[position] switch
        {
            "--list" => List(Running(StateFolder.AllOfUser(root))),
            "--stop" when word is null => Stop(Running(StateFolder.Candidates(root)), $"No instance of this AppHost runs (state in {root}): --list shows all of yours."),
            "--stop" => Stop(
                [.. Running(StateFolder.AllOfUser(root)).Where(one => one.Record.Id.ToString(CultureInfo.InvariantCulture) == word)],
                $"No instance has the pid {word}: --list shows them."),
            _ when word is null => Fail("--logs needs the name of a resource: --list shows them."),
            _ => LogFollower.Follow(Running(StateFolder.Candidates(root)).Select(one => one.Path).FirstOrDefault(root), word),
        };
    }

    private static List<(string Path, InstanceRecord Record)> Running(IEnumerable<string> folders) =>
        [.. folders.Where(StateFolder.IsInUse).Select(path => (path, InstanceFile.Read(path))).Where(one => one.Item2 is not null).Select(one => (one.path, one.Item2!))];

    private static int List(List<(string Path, InstanceRecord Record)> running)
    {
        foreach (var (path, record) in running)
        {
            Console.WriteLine($"AppHost, pid {record.Id}, since {record.Since.LocalDateTime:g}, state in {path}");
            foreach (var process in record.Processes)
            {
                Console.WriteLine($"  {process.Name,-14} pid {process.Id,-8} {process.Url}");
            }
        }

        return running.Count > 0 ? 0 : Fail("Nothing of yours runs. An instance with a state folder of its own is found with the same --AppHost:State.");
    }

    private static int Stop(List<(string Path, InstanceRecord Record)> running, string nothing)
    {
        foreach (var (path, record) in running)
        {
            Console.WriteLine($"Stopping the AppHost with pid {record.Id} (state in {path}) ...");
            Stop(record);
            while (StateFolder.IsInUse(path))
            {
                Thread.Sleep(50);
            }

            Console.WriteLine("Stopped: nothing of it is left.");
        }

        return running.Count > 0 ? 0 : Fail(nothing);
    }

    private static void Stop(InstanceRecord record)
    {
        if (OperatingSystem.IsWindows())
        {
            // No signal asks a console program of another window to end: the AppHost goes first, so that it starts nothing again.
            foreach (var id in record.Processes.Select(process => process.Id).Prepend(record.Id))
            {
                using var process = System.Diagnostics.Process.GetProcessById(id);
                process.Kill(entireProcessTree: true);
            }
        }
        else if (ProcessTable.StartOf(record.Id) == record.Start)
        {
            ProcessTable.SendSignal(record.Id, 15);
        }
    }

    private static int Fail(string sentence)
    {
        Console.Error.WriteLine(sentence);
        return 1;
    }
}
