using System.Runtime.InteropServices;
using AiInfra.AppHost.Instances;
using AiInfra.AppHost.Ports;
using Aspire.Hosting.Eventing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace AiInfra.AppHost.ProcessEngine.Running;

/// <summary>Starts all resources, and stops them all: dependents first, nothing left behind.</summary>
internal sealed class ApplicationRunner(IDistributedApplicationBuilder builder, IServiceProvider services, PortAllocator ports) : IHostedService, IDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private readonly CancellationTokenSource _killNow = new();
    private readonly List<ResourceRunner> _runners = [];
    private readonly ResourceNotificationService _notifications = services.GetRequiredService<ResourceNotificationService>();
    private readonly Lock _lock = new();
    private readonly List<PosixSignalRegistration> _signals = [];
    private int _interrupts;
    private ConsoleReporter? _reporter;
    private InstanceFile? _instance;
    private Task _announced = Task.CompletedTask;
    private Task? _stopped;

    public ResourceRunner? Find(string name) => _runners.Find(runner => runner.Resource.Name.Equals(name, StringComparison.OrdinalIgnoreCase));

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var state = builder.State();
        _reporter = ActivatorUtilities.CreateInstance<ConsoleReporter>(services);
        _reporter.Begin(state);
        if (!builder.Configuration.GetValue("AppHost:Quiet", false))
        {
            // The generic host ends on Ctrl-C and SIGTERM by itself. A closed terminal must end the platform as well.
            _signals.AddRange([PosixSignalRegistration.Create(PosixSignal.SIGHUP, OnSignal), PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal)]);
        }

        _instance = new InstanceFile(state, _reporter.Say);
        foreach (var orphan in await _instance.ReapAsync())
        {
            _reporter.Say($"{orphan} was left over from a killed AppHost and has been ended.");
        }

        var eventing = services.GetRequiredService<DistributedApplicationEventing>();
        foreach (var resource in builder.Resources.OfType<IResourceWithEndpoints>())
        {
            AllocatePorts(resource);
            await eventing.PublishAsync(new ResourceEndpointsAllocatedEvent(resource, services), cancellationToken);
        }

        var limit = TimeSpan.FromSeconds(builder.Configuration.GetValue("AppHost:WaitLimitSeconds", 300));
        var waits = new DependencyWaits(_notifications, (resource, text) => _reporter.Say($"{resource.Name} {text}"), limit);
        foreach (var resource in builder.Resources.OfType<ExecutableResource>())
        {
            await _notifications.PublishUpdateAsync(resource, snapshot => snapshot with { State = KnownResourceStates.NotStarted });
            _runners.Add(new ResourceRunner(resource, services, _instance, waits, _killNow.Token));
        }

        var wanted = _runners.Where(runner => !runner.Resource.Annotations.OfType<ExplicitStartupAnnotation>().Any()).ToList();
        var started = Task.WhenAll(wanted.Select(runner => runner.StartAsync(_stopping.Token)));
        _announced = AnnounceAsync(wanted, eventing);
        await started.WaitAsync(cancellationToken);
    }

    /// <summary>Does its work once; every caller waits for its end.</summary>
    public Task StopAsync(CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            return _stopped ??= StopAllAsync();
        }
    }

    public void Dispose()
    {
        _stopping.Dispose();
        _killNow.Dispose();
        _runners.ForEach(runner => runner.Dispose());
        _signals.ForEach(signal => signal.Dispose());
    }

    private void OnSignal(PosixSignalContext signal)
    {
        signal.Cancel = true;
        services.GetRequiredService<IHostApplicationLifetime>().StopApplication();
        // A second Ctrl-C: no more asking.
        if (signal.Signal == PosixSignal.SIGINT && Interlocked.Increment(ref _interrupts) > 1)
        {
            _killNow.Cancel();
        }
    }

    private async Task StopAllAsync()
    {
        await _stopping.CancelAsync();
        foreach (var group in StartOrder.StopGroups([.. _runners.Select(runner => runner.Resource)]))
        {
            var stops = group.Select(resource => Find(resource.Name)!.StopAsync()).ToList();
            while (await Task.WhenAny(Task.WhenAll(stops), Task.Delay(TimeSpan.FromSeconds(3))) is var first && !stops.TrueForAll(stop => stop.IsCompleted))
            {
                _reporter?.Say($"Waiting for {string.Join(", ", group.Where((_, index) => !stops[index].IsCompleted).Select(resource => resource.Name))} to stop.");
            }
        }

        await _announced;
        ports.Dispose();
        if (_reporter is not null)
        {
            _instance?.Delete();
            _reporter.End();
            builder.State().Dispose();
        }
    }

    private void AllocatePorts(IResourceWithEndpoints resource)
    {
        var random = builder.Configuration.GetValue("DcpPublisher:RandomizePorts", false);
        foreach (var endpoint in resource.Annotations.OfType<EndpointAnnotation>().ToList())
        {
            var wanted = random ? null : endpoint.Port;
            // A resource whose port is taken fails by itself, with the owner's name, when its turn comes.
            if (wanted is { } port && !ports.TryTake(port))
            {
                var sentence = $"'{resource.Name}' was not started: port {port} is taken by {PortOwner.Describe(port) ?? "another process"}.";
                resource.Annotations.Add(new EnvironmentCallbackAnnotation(_ => throw new DistributedApplicationException(sentence)));
            }

            endpoint.AllocatedEndpoint = new AllocatedEndpoint(endpoint, endpoint.TargetHost, wanted ?? ports.Next());
        }
    }

    private async Task AnnounceAsync(List<ResourceRunner> wanted, DistributedApplicationEventing eventing)
    {
        try
        {
            foreach (var runner in wanted)
            {
                await _notifications.WaitForResourceAsync(
                    runner.Resource.Name,
                    update => ResourceNotificationService.IsHealthy(update.Snapshot) || ResourceNotificationService.IsOver(update.Snapshot),
                    _stopping.Token);
            }

            await _reporter!.ReadyAsync(wanted.Select(runner => runner.Resource));
            await eventing.PublishAsync(new AfterResourcesCreatedEvent(services), _stopping.Token);
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
        }
    }
}
