using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace AiInfra.AppHost.Processes;

/// <summary>The processes of this machine, as far as stopping trees and recognising orphans needs it (Linux and macOS).</summary>
internal static partial class ProcessTable
{
    private sealed record Entry(int Pid, int Parent, int Group, int Session, bool IsZombie);

    /// <summary>Every living process that was started by <paramref name="root"/>: its session, and descendants that left it.</summary>
    public static IReadOnlyList<int> Tree(int root) => [.. Living(root).Select(entry => entry.Pid)];

    /// <summary>Signals every process of the tree once: some programs take a second request to end for an order to drop everything.</summary>
    public static void Signal(int root, int signal)
    {
        var outside = Living(root).Where(entry => entry.Group != root).ToList();
        _ = Kill(-root, signal);
        outside.ForEach(entry => Kill(entry.Pid, signal));
    }

    private static List<Entry> Living(int root)
    {
        var entries = Entries();
        var tree = entries.Where(entry => entry.Session == root || entry.Pid == root).Select(entry => entry.Pid).ToHashSet();
        while (entries.Find(entry => tree.Contains(entry.Parent) && !tree.Contains(entry.Pid)) is { } child)
        {
            tree.Add(child.Pid);
        }

        return entries.FindAll(entry => tree.Contains(entry.Pid) && !entry.IsZombie);
    }

    public static bool SendSignal(int pid, int signal) => Kill(pid, signal) == 0;

    /// <summary>When a process started, in a form that differs for any later process of the same id; null when there is none.</summary>
    public static string? StartOf(int pid)
    {
        try
        {
            if (OperatingSystem.IsLinux())
            {
                return Stat(pid) is { } fields && fields[0] != "Z" ? $"{File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim()}/{fields[19]}" : null;
            }

            using var process = Process.GetProcessById(pid);
            return process.StartTime.ToUniversalTime().ToString("O", CultureInfo.InvariantCulture);
        }
        catch (Exception problem) when (problem is ArgumentException or InvalidOperationException or IOException or System.ComponentModel.Win32Exception)
        {
            return null;
        }
    }

    private static List<Entry> Entries()
    {
        if (OperatingSystem.IsLinux())
        {
            return [.. Directory.EnumerateDirectories("/proc")
                .Select(folder => int.TryParse(Path.GetFileName(folder), CultureInfo.InvariantCulture, out var pid) ? pid : 0)
                .Where(pid => pid > 0)
                .Select(pid => (pid, stat: Stat(pid)))
                .Where(one => one.stat is not null)
                .Select(one => new Entry(one.pid, Number(one.stat![1]), Number(one.stat[2]), Number(one.stat[3]), one.stat[0] is "Z" or "X"))];
        }

        using var ps = Process.Start(new ProcessStartInfo("/bin/ps", "-axo pid=,ppid=,sess=,pgid=,state=") { RedirectStandardOutput = true })!;
        var lines = ps.StandardOutput.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        // The session column of macOS is an address, not an id: a session leader's group is its id as well.
        return [.. lines.Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)).Where(fields => fields.Length == 5)
            .Select(fields => new Entry(Number(fields[0]), Number(fields[1]), Number(fields[3]), Number(fields[3]), fields[4].StartsWith('Z')))];
    }

    // "812 (a name) S 1 812 812 ...": the name may hold anything, so fields count from the last parenthesis: 0 state, 1 parent,
    // 2 group, 3 session, 19 start.
    private static string[]? Stat(int pid)
    {
        try
        {
            var text = File.ReadAllText($"/proc/{pid}/stat");
            return text[(text.LastIndexOf(')') + 2)..].Split(' ');
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int pid, int signal);
}
