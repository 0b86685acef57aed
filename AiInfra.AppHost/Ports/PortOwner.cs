using System.Diagnostics;
using System.Globalization;
using System.Net.NetworkInformation;
using AiInfra.AppHost.Prerequisites;

namespace AiInfra.AppHost.Ports;

/// <summary>Who listens on a port, in words for a person: <c>nginx (pid 812)</c>.</summary>
internal static class PortOwner
{
    private static readonly string[] Tables = ["/proc/net/tcp", "/proc/net/tcp6"];

    /// <returns>The owner, or null when the system does not tell (another user's process, usually).</returns>
    public static string? Describe(int port)
    {
        try
        {
            var pid = OperatingSystem.IsLinux() ? FromProc(port) : FromTool(port);
            return pid is null ? null : $"{CommandOf(pid.Value)} (pid {pid})";
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException or InvalidOperationException or ArgumentException)
        {
            return null;
        }
    }

    public static bool IsTaken(int port) =>
        IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpListeners().Any(listener => listener.Port == port);

    private static int? FromProc(int port)
    {
        var suffix = $":{port:X4}";
        // sl local_address rem_address st tx:rx tr:when retrnsmt uid timeout inode; state 0A listens
        var inodes = Tables.Where(File.Exists).SelectMany(File.ReadLines)
            .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Where(fields => fields.Length > 9 && fields[3] == "0A" && fields[1].EndsWith(suffix, StringComparison.Ordinal))
            .Select(fields => $"socket:[{fields[9]}]")
            .ToHashSet();
        return Directory.EnumerateDirectories("/proc")
            .Select(folder => int.TryParse(Path.GetFileName(folder), CultureInfo.InvariantCulture, out var pid) ? pid : (int?)null)
            .FirstOrDefault(pid => pid is not null && OpenFiles(pid.Value).Any(inodes.Contains));
    }

    private static List<string> OpenFiles(int pid)
    {
        try
        {
            return [.. Directory.EnumerateFiles($"/proc/{pid}/fd").Select(file => new FileInfo(file).LinkTarget ?? "")];
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    // lsof prints the pid alone; netstat prints "TCP  127.0.0.1:8080  0.0.0.0:0  LISTENING  812".
    private static int? FromTool(int port)
    {
        var (tool, arguments) = OperatingSystem.IsWindows() ? ("netstat", "-ano -p tcp") : ("lsof", $"-nP -iTCP:{port} -sTCP:LISTEN -t");
        if (CommandLookup.Find(tool) is not { } path)
        {
            return null;
        }

        using var process = Process.Start(new ProcessStartInfo(path, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var line = process.StandardOutput.ReadToEnd().Split('\n').Select(line => line.Trim())
            .FirstOrDefault(line => OperatingSystem.IsWindows()
                ? line.Contains($":{port} ", StringComparison.Ordinal) && line.Contains("LISTENING", StringComparison.Ordinal)
                : line.Length > 0);
        return int.TryParse(line?.Split(' ')[^1], CultureInfo.InvariantCulture, out var pid) ? pid : null;
    }

    private static string CommandOf(int pid)
    {
        var commandLine = $"/proc/{pid}/cmdline";
        if (File.Exists(commandLine) && File.ReadAllText(commandLine).TrimEnd('\0').Replace('\0', ' ') is { Length: > 0 } text)
        {
            return text.Length <= 80 ? text : $"{text[..77]}...";
        }

        using var process = Process.GetProcessById(pid);
        return process.ProcessName;
    }
}
