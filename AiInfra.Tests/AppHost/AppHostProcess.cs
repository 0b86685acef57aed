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

    public static AppHostProcess Start(string state, IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? environment = null)
    {
        var assembly = Path.Combine(RepositoryPaths.Root, "artifacts", "bin", "AiInfra.AppHost-Processes", Configuration, "AiInfra.AppHost.dll");
        var start = new ProcessStartInfo(AiInfra.AppHost.Prerequisites.DotnetHost.Path) { RedirectStandardOutput = true, RedirectStandardError = true };
        string[] all = ["exec", assembly, $"--AppHost:State={state}", "--DcpPublisher:RandomizePorts=true", "--AppHost:Engine=simulated", .. arguments];
        all.ToList().ForEach(start.ArgumentList.Add);
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
