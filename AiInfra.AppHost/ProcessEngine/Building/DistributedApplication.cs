using AiInfra.AppHost.Instances;
using AiInfra.AppHost.ProcessEngine.Running;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Aspire.Hosting;

internal sealed class DistributedApplication(IHost host, Testing.EntryPointHook? hook) : IDisposable, IAsyncDisposable
{
    private bool _disposed;

    public IServiceProvider Services => host.Services;

    public ResourceNotificationService ResourceNotifications => Services.GetRequiredService<ResourceNotificationService>();

    public ResourceCommandService ResourceCommands => Services.GetRequiredService<ResourceCommandService>();

    public static IDistributedApplicationBuilder CreateBuilder(string[] args)
    {
        // --list, --stop and --logs speak about instances that run already: no model is needed for them.
        if (InstanceCommands.TryRun(args) is { } exitCode)
        {
            Environment.Exit(exitCode);
        }

        return new DistributedApplicationBuilder(args);
    }

    /// <summary>Returns when every resource without explicit start has been created, waits included.</summary>
    public Task StartAsync(CancellationToken cancellationToken = default) => host.StartAsync(cancellationToken);

    /// <summary>Returns when no process of any resource is left.</summary>
    public Task StopAsync(CancellationToken cancellationToken = default) => host.StopAsync(cancellationToken);

    public async Task RunAsync(CancellationToken cancellationToken = default)
    {
        if (hook is not null)
        {
            await hook.WaitForDisposalAsync();
            return;
        }

        try
        {
            await host.StartAsync(cancellationToken);
            await host.WaitForShutdownAsync(cancellationToken);
        }
        // Ctrl-C while resources still start.
        catch (OperationCanceledException) when (Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping.IsCancellationRequested)
        {
        }
        finally
        {
            await DisposeAsync();
        }
    }

    public void Run() => RunAsync().GetAwaiter().GetResult();

    public void Dispose() => DisposeAsync().AsTask().GetAwaiter().GetResult();

    public async ValueTask DisposeAsync()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        await Services.GetRequiredService<ApplicationRunner>().StopAsync(CancellationToken.None);
        await ((IAsyncDisposable)host).DisposeAsync();
        hook?.OnDisposed();
    }
}
