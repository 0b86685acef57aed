using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using AiInfra.AppHost.Instances;
using AiInfra.AppHost.Prerequisites;
using AiInfra.AppHost.Processes;
using AiInfra.AppHost.State;

namespace AiInfra.Bench.Startup;

/// <summary>One AppHost as a process of its own: its lines with the time at which they came.</summary>
internal sealed partial class StartupRun : IDisposable
{
    private readonly ConcurrentQueue<(TimeSpan At, string Line)> _lines = new();
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private readonly Process _process;
    private readonly string _state;

    public StartupRun(string state)
    {
        _state = state;
        var start = new ProcessStartInfo(DotnetHost.Path) { RedirectStandardOutput = true, RedirectStandardError = true };
        string[] arguments = ["exec", typeof(StateFolder).Assembly.Location, $"--AppHost:State={state}", "--DcpPublisher:RandomizePorts=true"];
        arguments.ToList().ForEach(start.ArgumentList.Add);
        _process = new Process { StartInfo = start };
        _process.OutputDataReceived += (_, line) => _lines.Enqueue((_clock.Elapsed, line.Data ?? ""));
        _process.ErrorDataReceived += (_, line) => _lines.Enqueue((_clock.Elapsed, line.Data ?? ""));
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public IReadOnlyList<InstanceProcess> Processes { get; private set; } = [];

    public TimeSpan ReadyAfter { get; private set; }

    /// <summary>What the slowest chain of services took from start to ready, each after what it waits for.</summary>
    public TimeSpan ServicesNeeded { get; private set; }

    public long ResidentBytes => long.Parse(
        File.ReadLines($"/proc/{_process.Id}/status").First(line => line.StartsWith("VmRSS:", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1],
        CultureInfo.InvariantCulture) * 1024;

    public async Task UntilReadyAsync(CancellationToken cancellationToken)
    {
        while (!_lines.Any(one => one.Line.StartsWith("Ready in ", StringComparison.Ordinal)))
        {
            if (_process.HasExited || _clock.Elapsed > TimeSpan.FromMinutes(4))
            {
                throw new Running.BenchException($"The AppHost did not become ready:\n{string.Join('\n', _lines.Select(one => one.Line))}");
            }

            await Task.Delay(5, cancellationToken);
        }

        ReadyAfter = _lines.First(one => one.Line.StartsWith("Ready in ", StringComparison.Ordinal)).At;
        Processes = JsonSerializer.Deserialize<InstanceRecord>(await File.ReadAllTextAsync(Path.Combine(_state, "instance.json"), cancellationToken))!.Processes;
        var (started, ready) = (Times("started"), Times("ready"));
        var own = started.Keys.Where(ready.ContainsKey).ToDictionary(name => name, name => ready[name] - started[name]);
        // The only wait of the model: the gateway for redis.
        ServicesNeeded = own.Max(one => one.Value + (one.Key == "gateway" ? own["redis"] : TimeSpan.Zero));
    }

    /// <summary>Share of one core that the AppHost itself uses while nothing happens.</summary>
    public async Task<double> IdleShareAsync(TimeSpan time, CancellationToken cancellationToken)
    {
        var (before, clock) = (_process.TotalProcessorTime, Stopwatch.StartNew());
        await Task.Delay(time, cancellationToken);
        _process.Refresh();
        return (_process.TotalProcessorTime - before) / clock.Elapsed;
    }

    /// <returns>How long the stop took, and what is left: processes that live, files that should be gone.</returns>
    public async Task<(TimeSpan Took, int Left)> StopAsync(CancellationToken cancellationToken)
    {
        var clock = Stopwatch.StartNew();
        ProcessTable.SendSignal(_process.Id, 2);
        await _process.WaitForExitAsync(cancellationToken);
        var left = Processes.Count(process => ProcessTable.StartOf(process.Id) == process.Start || ProcessTable.Tree(process.Id).Count > 0);
        return (clock.Elapsed, left + (File.Exists(Path.Combine(_state, "instance.json")) ? 1 : 0));
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            ProcessTable.SendSignal(_process.Id, 15);
            _process.WaitForExit();
        }

        _process.Dispose();
    }

    private Dictionary<string, TimeSpan> Times(string what) => _lines
        .Select(one => (one.At, Match: Change().Match(one.Line)))
        .Where(one => one.Match.Success && one.Match.Groups[2].Value == what)
        .GroupBy(one => one.Match.Groups[1].Value)
        .ToDictionary(group => group.Key, group => group.First().At);

    [GeneratedRegex("^([a-z0-9-]+) +: (started|ready)")]
    private static partial Regex Change();
}
