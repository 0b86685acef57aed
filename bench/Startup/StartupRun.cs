using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using AiInfra.AppHost.Instances;
using AiInfra.AppHost.Ports;
using AiInfra.AppHost.Prerequisites;
using AiInfra.AppHost.Processes;
using AiInfra.AppHost.State;

namespace AiInfra.Bench.Startup;

/// <summary>One AppHost as a process of its own: its lines with the time at which they came.</summary>
internal sealed class StartupRun : IDisposable
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

    /// <summary>What the slowest chain of services needed from process start to first answer, each after what it waits for.</summary>
    public TimeSpan ServicesNeeded { get; private set; }

    public long ResidentBytes => long.Parse(
        File.ReadLines($"/proc/{_process.Id}/status").First(line => line.StartsWith("VmRSS:", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1],
        CultureInfo.InvariantCulture) * 1024;

    public async Task UntilReadyAsync(CancellationToken cancellationToken)
    {
        var probes = new Dictionary<string, Task<TimeSpan?>>();
        while (!_lines.Any(one => one.Line.StartsWith("Ready in ", StringComparison.Ordinal)))
        {
            if (_process.HasExited || _clock.Elapsed > TimeSpan.FromMinutes(4))
            {
                throw new Running.BenchException($"The AppHost did not become ready:\n{string.Join('\n', _lines.Select(one => one.Line))}");
            }

            Processes = InstanceFile.Read(_state)?.Processes ?? [];
            foreach (var service in Processes.Where(service => service.Url is not null && !probes.ContainsKey(service.Name)))
            {
                probes[service.Name] = ServiceProbe.MeasureAsync(service, cancellationToken);
            }

            await Task.Delay(10, cancellationToken);
        }

        ReadyAfter = _lines.First(one => one.Line.StartsWith("Ready in ", StringComparison.Ordinal)).At;
        await Task.WhenAll(probes.Values);
        // The only wait of the model: the gateway for redis.
        var redis = await probes["redis"] ?? TimeSpan.Zero;
        foreach (var (name, probe) in probes)
        {
            var needed = (await probe ?? TimeSpan.Zero) + (name == "gateway" ? redis : TimeSpan.Zero);
            ServicesNeeded = needed > ServicesNeeded ? needed : ServicesNeeded;
        }
    }

    /// <summary>Share of one core that the AppHost itself uses while nothing happens.</summary>
    public async Task<double> IdleShareAsync(TimeSpan time, CancellationToken cancellationToken)
    {
        var (before, clock) = (_process.TotalProcessorTime, Stopwatch.StartNew());
        await Task.Delay(time, cancellationToken);
        _process.Refresh();
        return (_process.TotalProcessorTime - before) / clock.Elapsed;
    }

    /// <returns>How long the stop took, and what is left of it: processes, ports, files.</returns>
    public async Task<(TimeSpan Took, int Left)> StopAsync(CancellationToken cancellationToken)
    {
        var clock = Stopwatch.StartNew();
        ProcessTable.SendSignal(_process.Id, 2);
        await _process.WaitForExitAsync(cancellationToken);
        var took = clock.Elapsed;
        var processes = Processes.Count(process => ProcessTable.StartOf(process.Id) == process.Start || ProcessTable.Tree(process.Id).Count > 0);
        var ports = Processes.Count(process => process.Url is { } url && PortOwner.IsTaken(new Uri(url).Port));
        // What a .NET process keeps for its debuggers bears its id.
        var files = Processes.Select(process => process.Id).Append(_process.Id)
            .Sum(id => Directory.GetFiles(Path.GetTempPath(), $"*-{id.ToString(CultureInfo.InvariantCulture)}-*").Length);
        var state = Directory.GetFiles(_state).Count(file => Path.GetFileName(file) is not ("lock" or "version" or "secrets.json"));
        return (took, processes + ports + files + state);
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
}
