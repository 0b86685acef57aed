using AiInfra.AppHost.Instances;
using AiInfra.AppHost.Ports;
using AiInfra.AppHost.Prerequisites;
using AiInfra.AppHost.Processes;
using Aspire.Hosting.Eventing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace AiInfra.AppHost.ProcessEngine.Running;

/// <summary>The life of one executable: waits, start, health, restart after a crash, stop.</summary>
internal sealed class ResourceRunner(
    ExecutableResource resource, IServiceProvider services, InstanceFile instance, DependencyWaits waits, CancellationToken killNow) : IDisposable
{
    private const int LinesOfACrash = 20;
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(10);

    private readonly ResourceNotificationService _notifications = services.GetRequiredService<ResourceNotificationService>();
    private readonly ResourceLoggerService _logs = services.GetRequiredService<ResourceLoggerService>();
    private readonly DistributedApplicationEventing _eventing = services.GetRequiredService<DistributedApplicationEventing>();
    private readonly PortAllocator _ports = services.GetRequiredService<PortAllocator>();
    private readonly HealthMonitor _health = ActivatorUtilities.CreateInstance<HealthMonitor>(services);
    private readonly TimeSpan _firstPause = TimeSpan.FromMilliseconds(
        services.GetRequiredService<IDistributedApplicationBuilder>().Configuration.GetValue("AppHost:RestartPauseMilliseconds", 200));
    private readonly SemaphoreSlim _oneCommand = new(1);
    private CancellationTokenSource _stop = new();
    private Task _life = Task.CompletedTask;

    public ExecutableResource Resource { get; } = resource;

    /// <summary>A server is expected to stay; anything else may end.</summary>
    private bool IsServer => Endpoints.Any();

    private IEnumerable<EndpointAnnotation> Endpoints => Resource.Annotations.OfType<EndpointAnnotation>();

    /// <summary>Starts it unless it lives. Returns when its process exists, or it is clear that it will not.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await _oneCommand.WaitAsync(cancellationToken);
        try
        {
            if (_life.IsCompleted)
            {
                _stop.Dispose();
                _stop = new CancellationTokenSource();
                var created = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                _life = Task.Run(() => LiveAsync(created, _stop.Token), CancellationToken.None);
                await created.Task.WaitAsync(cancellationToken);
            }
        }
        finally
        {
            _oneCommand.Release();
        }
    }

    /// <summary>Returns when no process of its tree is left.</summary>
    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        await _life;
    }

    public void Dispose()
    {
        _stop.Dispose();
        _oneCommand.Dispose();
    }

    private async Task LiveAsync(TaskCompletionSource created, CancellationToken stop)
    {
        var crashes = new CrashHistory(_firstPause, TimeProvider.System);
        try
        {
            while (true)
            {
                await PrepareAsync(stop);
                crashes.Started();
                var exitCode = await RunOnceAsync(created, stop);
                if (!IsServer)
                {
                    await PublishAsync(KnownResourceStates.Finished, exitCode: exitCode);
                    return;
                }

                if (crashes.Crashed() is not { } pause)
                {
                    var lines = string.Join('\n', _logs.Newest(Resource.Name, LinesOfACrash).Select(line => $"    {line}"));
                    await PublishAsync(
                        KnownResourceStates.Exited, $"ended {CrashHistory.MaxCrashes} times in a row and is not started again. Its last lines:\n{lines}", exitCode);
                    return;
                }

                await PublishAsync(KnownResourceStates.Starting, $"ended with exit code {exitCode}{TakenPort()}; it is started again in {pause.TotalSeconds:0.#} s", exitCode);
                await Task.Delay(pause, stop);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            await PublishAsync(KnownResourceStates.Finished);
        }
        // Callbacks of the model run here and may throw anything: that resource fails, the others go on.
        catch (Exception problem)
        {
            await PublishAsync(KnownResourceStates.FailedToStart, problem.Message);
        }
        finally
        {
            created.TrySetResult();
            await _eventing.PublishAsync(new ResourceStoppedEvent(Resource, services), CancellationToken.None);
        }
    }

    private async Task PrepareAsync(CancellationToken stop)
    {
        _notifications.ResetReady(Resource.Name);
        foreach (var required in Resource.Annotations.OfType<RequiredCommandAnnotation>().Where(one => CommandLookup.Find(one.Command) is null))
        {
            throw new DistributedApplicationException(
                $"'{Resource.Name}' is left out: '{required.Command}' is not on PATH. Install it{(required.HelpLink is { } link ? $" ({link})" : "")} and start again.");
        }

        // Installations run before the waits, as in Aspire, whose own waiting handler is the last.
        await _eventing.PublishAsync(new BeforeResourceStartedEvent(Resource, services), stop);
        if (Resource.Annotations.OfType<WaitAnnotation>().Any())
        {
            await PublishAsync(KnownResourceStates.Waiting);
            await waits.WaitAsync(Resource, stop);
        }
    }

    private async Task<int> RunOnceAsync(TaskCompletionSource created, CancellationToken stop)
    {
        await PublishAsync(KnownResourceStates.Starting);
        var command = CommandLookup.Find(Resource.Command.StartsWith('.') ? Path.Combine(Resource.WorkingDirectory, Resource.Command) : Resource.Command)
            ?? throw new DistributedApplicationException($"'{Resource.Name}' was not started: '{Resource.Command}' was not found.");
        var start = new ProcessStart(
            command,
            await ResourceEnvironment.ArgumentsAsync(Resource, stop),
            await ResourceEnvironment.VariablesAsync(Resource, services.GetRequiredService<DistributedApplicationExecutionContext>(), stop),
            Resource.WorkingDirectory);
        foreach (var endpoint in Endpoints)
        {
            _ports.Release(endpoint.AllocatedEndpoint!.Port);
        }

        var child = ChildProcess.Start(start, lines => _logs.Append(Resource.Name, lines));
        using var running = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var health = Task.CompletedTask;
        try
        {
            instance.Add(Resource.Name, child.Id, Endpoints.FirstOrDefault()?.AllocatedEndpoint?.UriString);
            await _notifications.PublishUpdateAsync(Resource, snapshot => snapshot with
            {
                State = KnownResourceStates.Running,
                HealthStatus = null,
                ExitCode = null,
                ProcessId = child.Id,
                Urls = [.. Endpoints.Select(endpoint => new UrlSnapshot(endpoint.Name, endpoint.AllocatedEndpoint!.UriString, IsInternal: false))],
            });
            created.TrySetResult();
            health = _health.RunAsync(Resource, running.Token);
            return await child.Exited.WaitAsync(stop);
        }
        finally
        {
            if (stop.IsCancellationRequested)
            {
                await PublishAsync(KnownResourceStates.Stopping);
            }

            await running.CancelAsync();
            await health.ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
            // After a crash, too: children that outlive their parent would keep its port.
            await child.StopAsync(stop.IsCancellationRequested ? Grace : TimeSpan.Zero, killNow);
            instance.Remove(child.Id);
        }
    }

    private string TakenPort()
    {
        var taken = Endpoints.Select(endpoint => endpoint.AllocatedEndpoint!.Port).FirstOrDefault(PortOwner.IsTaken);
        return taken == 0 ? "" : $" (its port {taken} is taken by {PortOwner.Describe(taken) ?? "another process"})";
    }

    private Task PublishAsync(string state, string? reason = null, int? exitCode = null) => _notifications.PublishUpdateAsync(
        Resource, snapshot => snapshot with { State = state, Reason = reason, ExitCode = exitCode ?? snapshot.ExitCode, HealthStatus = null, ProcessId = null });
}
