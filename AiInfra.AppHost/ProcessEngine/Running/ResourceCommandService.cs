using AiInfra.AppHost.ProcessEngine.Running;
using Microsoft.Extensions.DependencyInjection;

namespace Aspire.Hosting.ApplicationModel;

internal sealed record ExecuteCommandResult(bool Success, string? Message = null);

/// <summary>The commands that every resource has: start, stop, restart.</summary>
internal sealed class ResourceCommandService(IServiceProvider services)
{
    public async Task<ExecuteCommandResult> ExecuteCommandAsync(IResource resource, string commandName, CancellationToken cancellationToken = default)
    {
        if (services.GetRequiredService<ApplicationRunner>().Find(resource.Name) is not { } runner)
        {
            return new ExecuteCommandResult(false, $"'{resource.Name}' is no process, or the application has not started.");
        }

        if (commandName is not ("start" or "stop" or "restart"))
        {
            return new ExecuteCommandResult(false, $"'{commandName}' is no command of '{resource.Name}': start, stop, restart.");
        }

        if (commandName is "stop" or "restart")
        {
            await runner.StopAsync();
        }

        if (commandName is "start" or "restart")
        {
            await runner.StartAsync(cancellationToken);
        }

        return new ExecuteCommandResult(true);
    }
}
