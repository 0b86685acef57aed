using System.Diagnostics;
using System.Threading.Channels;
using AiInfra.AppHost.Prerequisites;
using AiInfra.AppHost.State;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;

namespace AiInfra.AppHost.ProcessEngine.Running;

/// <summary>Tells the person at the terminal what happens: changes, the resources' lines with their names before them, the table.</summary>
internal sealed partial class ConsoleReporter(
    ResourceNotificationService notifications, ResourceLoggerService logs, IDistributedApplicationBuilder builder, ILoggerFactory loggers)
{
    // A paused terminal must not pause the platform: what it cannot take is in the files.
    private readonly Channel<object> _lines = Channel.CreateBounded<object>(new BoundedChannelOptions(10_000) { FullMode = BoundedChannelFullMode.DropOldest });
    private readonly TaskCompletionSource _end = new();
    private readonly bool _quiet = builder.Configuration.GetValue("AppHost:Quiet", false);
    private readonly ILogger _log = loggers.CreateLogger("AppHost.Resources");
    private readonly Dictionary<string, string> _told = [];
    private Task _printing = Task.CompletedTask;
    private Task _watching = Task.CompletedTask;
    private int _width;

    public void Begin(StateFolder state)
    {
        _width = builder.Resources.OfType<ExecutableResource>().Select(resource => resource.Name.Length).DefaultIfEmpty(0).Max();
        _printing = PrintAsync();
        _watching = WatchAsync();
        if (!_quiet || _log.IsEnabled(LogLevel.Information))
        {
            logs.LineWritten += OnLine;
        }

        Say($"AiInfra runs as processes (engine Processes: {BuiltServices.EngineReason}). Ctrl-C stops everything.");
        if (state.InUse is { } other)
        {
            Say($"Another instance uses {other}: this one keeps its own data and keys in {state.Path}.");
        }
    }

    public void Say(string sentence) => _lines.Writer.TryWrite(sentence);

    public Task ReadyAsync(IEnumerable<ExecutableResource> resources)
    {
        var rows = resources.Select(resource => (resource.Name, Snapshot: notifications.TryGetCurrentState(resource.Name, out var update) ? update!.Snapshot : null))
            .Select(one => (one.Name, State: one.Snapshot?.State?.Text ?? "", Url: one.Snapshot?.Urls.FirstOrDefault()?.Url ?? "")).ToList();
        var sinceStart = TimeProvider.System.GetUtcNow().UtcDateTime - Process.GetCurrentProcess().StartTime.ToUniversalTime();
        Say($"\n{"RESOURCE".PadRight(_width)}  {"STATE",-14}  URL");
        rows.ForEach(row => Say($"{row.Name.PadRight(_width)}  {row.State,-14}  {row.Url}"));
        var missing = string.Join(", ", rows.Where(row => row.State != KnownResourceStates.Running).Select(row => row.Name));
        var what = missing.Length == 0 ? "Ready" : $"Started without {missing} (the reason stands above)";
        Say($"\n{what} in {sinceStart.TotalSeconds:0.0} s. Logs: {builder.State().Folder("logs")}");
        // What is printed next, by others, belongs below.
        var flushed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _lines.Writer.TryWrite(flushed);
        return flushed.Task.WaitAsync(TimeSpan.FromSeconds(2)).ContinueWith(_ => { }, TaskScheduler.Default);
    }

    public void End()
    {
        logs.LineWritten -= OnLine;
        _end.SetResult();
        _watching.GetAwaiter().GetResult();
        Say("Stopped: nothing is left running.");
        _lines.Writer.TryComplete();
        _printing.GetAwaiter().GetResult();
    }

    private void OnLine(string name, string line) => Say($"{name.PadRight(_width)} | {line}");

    private async Task PrintAsync()
    {
        await foreach (var line in _lines.Reader.ReadAllAsync())
        {
            if (line is TaskCompletionSource flushed)
            {
                flushed.SetResult();
            }
            else if (_quiet)
            {
                LogLine(_log, (string)line);
            }
            else
            {
                Console.Out.WriteLine(line);
            }
        }
    }

    private async Task WatchAsync()
    {
        using var end = new CancellationTokenSource();
        _ = _end.Task.ContinueWith(_ => end.Cancel(), TaskScheduler.Default);
        try
        {
            await foreach (var update in notifications.WatchAsync(end.Token))
            {
                var (name, snapshot) = (update.Resource.Name, update.Snapshot);
                var text = ResourceNotificationService.IsHealthy(snapshot) ? $"ready {snapshot.Urls.FirstOrDefault()?.Url}"
                    : snapshot is { Reason: { } reason } && snapshot.State?.Text != KnownResourceStates.Running ? $"{snapshot.State?.Text}: {reason}"
                    : snapshot.State?.Text == KnownResourceStates.Waiting ? "Waiting"
                    : snapshot is { ProcessId: { } pid, HealthStatus: null } ? $"started, pid {pid}"
                    : ResourceNotificationService.IsOver(snapshot) ? ResourceNotificationService.Describe(snapshot)
                    : "";
                if (text.Length > 0 && _told.GetValueOrDefault(name) != text)
                {
                    Say($"{name.PadRight(_width)} : {_told[name] = text}");
                }
            }
        }
        catch (OperationCanceledException) when (_end.Task.IsCompleted)
        {
        }
    }

    [LoggerMessage(LogLevel.Information, "{Line}")]
    private static partial void LogLine(ILogger log, string line);
}
