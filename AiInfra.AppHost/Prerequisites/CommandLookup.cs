namespace AiInfra.AppHost.Prerequisites;

/// <summary>Finds commands as a shell would, without starting one.</summary>
internal static class CommandLookup
{
    /// <returns>The full path of <paramref name="command"/>, or null when it is neither a file nor on PATH.</returns>
    public static string? Find(string command)
    {
        if (command.Contains(Path.DirectorySeparatorChar) || command.Contains('/'))
        {
            return File.Exists(command) ? command : null;
        }

        string[] endings = OperatingSystem.IsWindows()
            ? (Environment.GetEnvironmentVariable("PATHEXT") ?? ".EXE;.CMD").Split(';', StringSplitOptions.RemoveEmptyEntries)
            : [""];
        return (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .SelectMany(folder => endings.Select(ending => Path.Combine(folder, command + ending)))
            .FirstOrDefault(IsExecutable);
    }

    private static bool IsExecutable(string path) => File.Exists(path)
        && (OperatingSystem.IsWindows()
            || (File.GetUnixFileMode(path) & (UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute)) != 0);
}
