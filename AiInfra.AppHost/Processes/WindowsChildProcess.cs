using System.Diagnostics;
using System.Runtime.InteropServices;

namespace AiInfra.AppHost.Processes;

/// <summary>Windows: a process group of its own, asked to end by Ctrl-Break, which .NET, Node and Redis take as a request to stop.</summary>
internal sealed partial class WindowsChildProcess : ChildProcess
{
    private readonly Process _process;

    public WindowsChildProcess(ProcessStart start, Action<IReadOnlyList<string>> onLines)
    {
        var info = new ProcessStartInfo(start.Command)
        {
            WorkingDirectory = start.WorkingDirectory,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        if (OperatingSystem.IsWindows())
        {
            info.CreateNewProcessGroup = true;
        }

        start.Arguments.ToList().ForEach(info.ArgumentList.Add);
        info.Environment.Clear();
        foreach (var (name, value) in start.Environment)
        {
            info.Environment[name] = value;
        }

        try
        {
            _process = Process.Start(info)!;
        }
        catch (System.ComponentModel.Win32Exception problem)
        {
            throw new IOException($"'{start.Command}' cannot be started in '{start.WorkingDirectory}': {problem.Message}", problem);
        }

        _process.EnableRaisingEvents = true;
        _process.Exited += (_, _) => OnExited(_process.ExitCode);
        new Thread(() => LineReader.ReadAll(_process.StandardOutput.BaseStream, onLines)) { IsBackground = true }.Start();
        new Thread(() => LineReader.ReadAll(_process.StandardError.BaseStream, onLines)) { IsBackground = true }.Start();
    }

    public override int Id => _process.Id;

    public override void TerminateTree() => GenerateConsoleCtrlEvent(1, _process.Id);

    public override void KillTree() => _process.Kill(entireProcessTree: true);

    public override bool IsTreeAlive() => !_process.HasExited;

    [LibraryImport("kernel32")]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool GenerateConsoleCtrlEvent(uint controlEvent, int processGroup);
}
