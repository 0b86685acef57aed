using AiInfra.AppHost.Prerequisites;
using AiInfra.AppHost.Processes;
using AiInfra.AppHost.State;
using Microsoft.Extensions.Configuration;

namespace AiInfra.AppHost.Instances;

/// <summary>What can be asked of instances that run already: <c>--list</c>, <c>--stop</c>, <c>--logs NAME</c>.</summary>
internal static class InstanceCommands
{
    /// <returns>The exit code, or null when the arguments ask for nothing of the kind.</returns>
    public static int? TryRun(string[] args)
    {
        if (!args.Any(argument => argument is "--list" or "--stop" or "--logs"))
        {
            return null;
        }

        var configuration = new ConfigurationBuilder().AddEnvironmentVariables()
            .AddCommandLine([.. args.Where(argument => argument.StartsWith("--AppHost:", StringComparison.OrdinalIgnoreCase))]).Build();
        var root = StateFolder.Root(configuration, BuiltServices.AppHostDirectory);
        var running = StateFolder.Candidates(root).Where(StateFolder.IsInUse)
            .Select(path => (path, record: InstanceFile.Read(path))).Where(one => one.record is not null).ToList();
        if (Array.IndexOf(args, "--logs") is >= 0 and var position)
        {
            return position + 1 < args.Length ? Follow(running.Count > 0 ? running[0].path : root, args[position + 1]) : Fail("--logs needs the name of a resource.");
        }

        foreach (var (path, record) in running)
        {
            Console.WriteLine($"AppHost, pid {record!.Id}, since {record.Since.LocalDateTime:g}, state in {path}");
            foreach (var process in record.Processes)
            {
                Console.WriteLine($"  {process.Name,-12} pid {process.Id,-8} {process.Url}");
            }

            if (args.Contains("--stop"))
            {
                Stop(path, record);
            }
        }

        return running.Count > 0 ? 0 : Fail($"No instance of this AppHost runs (state in {root}).");
    }

    private static void Stop(string path, InstanceRecord record)
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

        while (StateFolder.IsInUse(path))
        {
            Thread.Sleep(50);
        }

        Console.WriteLine("Stopped: nothing of it is left.");
    }

    private static int Follow(string path, string name)
    {
        var file = Path.Combine(path, "logs", $"{name}.log");
        if (!File.Exists(file))
        {
            return Fail($"There is no log of '{name}' in {Path.GetDirectoryName(file)}.");
        }

        long position = 0;
        while (true)
        {
            using (var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete))
            {
                // A shorter file than before is a new one: the old was turned over.
                stream.Position = position <= stream.Length ? position : 0;
                stream.CopyTo(Console.OpenStandardOutput());
                position = stream.Position;
            }

            if (!StateFolder.IsInUse(path))
            {
                return 0;
            }

            Thread.Sleep(250);
        }
    }

    private static int Fail(string sentence)
    {
        Console.Error.WriteLine(sentence);
        return 1;
    }
}
