using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json;
using AiInfra.AppHost.Instances;
using AiInfra.AppHost.Processes;
using AiInfra.Tests.Fixtures;

namespace AiInfra.Tests.AppHost;

/// <summary>The AppHost as a process of its own, as a terminal starts it.</summary>
internal sealed class AppHostProcess : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(90);

    private readonly ConcurrentQueue<string> _lines = new();
    private readonly Process _process;

    private AppHostProcess(Process process) => _process = process;

    public int Id => _process.Id;

    public string Output => string.Join('\n', _lines);

    public int ExitCode => _process.ExitCode;

    /// <summary>The command line of an AppHost with this state folder: what a wrapper such as a shell has to start.</summary>
    public static IReadOnlyList<string> CommandLine(string state, IEnumerable<string> arguments) =>
        CommandLine([$"--AppHost:State={state}", "--DcpPublisher:RandomizePorts=true", "--AppHost:Engine=simulated", .. arguments]);

    public static IReadOnlyList<string> CommandLine(IEnumerable<string> arguments) =>
    [
        AiInfra.AppHost.Prerequisites.DotnetHost.Path, "exec",
        Path.Combine(RepositoryPaths.Root, "artifacts", "bin", "AiInfra.AppHost-Processes", Configuration, "AiInfra.AppHost.dll"), .. arguments,
    ];

    public static AppHostProcess Start(string state, IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? environment = null) =>
        Start(CommandLine(state, arguments), environment);

    /// <summary>Started in a folder that is nobody's, as from another terminal.</summary>
    public static AppHostProcess Start(IReadOnlyList<string> commandLine, IReadOnlyDictionary<string, string>? environment = null)
    {
        var start = new ProcessStartInfo(commandLine[0]) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = Path.GetTempPath() };
        commandLine.Skip(1).ToList().ForEach(start.ArgumentList.Add);
        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
        {
            start.Environment[name] = value;
        }

        var appHost = new AppHostProcess(new Process { StartInfo = start });
        appHost._process.OutputDataReceived += appHost.Keep;
        appHost._process.ErrorDataReceived += appHost.Keep;
        appHost._process.Start();
        appHost._process.BeginOutputReadLine();
        appHost._process.BeginErrorReadLine();
        return appHost;
    }

    public static InstanceRecord Instance(string state) =>
        JsonSerializer.Deserialize<InstanceRecord>(File.ReadAllText(Path.Combine(state, "instance.json")))!;

    public Task LineAsync(string part) => UntilAsync(() => _lines.Any(line => line.Contains(part, StringComparison.Ordinal)), part);

    public async Task UntilAsync(Func<bool> condition, string what = "it")
    {
        for (var clock = Stopwatch.StartNew(); !condition();)
        {
            Assert.False(_process.HasExited || clock.Elapsed > Limit, $"'{what}' did not come:\n{Output}");
            await Task.Delay(20);
        }
    }

    public async Task<int> ExitAsync()
    {
        await _process.WaitForExitAsync().WaitAsync(Limit);
        return _process.ExitCode;
    }

    public Task<int> InterruptAsync()
    {
        ProcessTable.SendSignal(Id, 2);
        return ExitAsync();
    }

    public Task<int> KillAsync()
    {
        ProcessTable.SendSignal(Id, 9);
        return ExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            await InterruptAsync();
        }

        _process.Dispose();
    }

    private static string Configuration => Path.GetFileName(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory));

    private void Keep(object sender, DataReceivedEventArgs line)
    {
        if (line.Data is { } text)
        {
            _lines.Enqueue(text);
        }
    }
}
