using AiInfra.AppHost.ProcessEngine.Running;
using Microsoft.Extensions.DependencyInjection;

namespace Aspire.Hosting.ApplicationModel;

internal sealed record ExecuteCommandResult(bool Success, string? Message = null);

internal static class CommandResults
{
    public static ExecuteCommandResult Success() => new(true);

    public static ExecuteCommandResult Failure(string? errorMessage = null) => new(false, errorMessage);
}

internal sealed record ExecuteCommandContext(IServiceProvider Services, string ResourceName, CancellationToken CancellationToken);

/// <summary>The commands that every resource has, start, stop and restart, and those of the model.</summary>
internal sealed class ResourceCommandService(IServiceProvider services)
{
    public async Task<ExecuteCommandResult> ExecuteCommandAsync(IResource resource, string commandName, CancellationToken cancellationToken = default)
    {
        var commands = resource.Annotations.OfType<ResourceCommandAnnotation>().ToList();
        if (commands.Find(command => command.Name == commandName) is { } own)
        {
            return await own.ExecuteCommand(new ExecuteCommandContext(services, resource.Name, cancellationToken));
        }

        if (services.GetRequiredService<ApplicationRunner>().Find(resource.Name) is not { } runner)
        {
            return CommandResults.Failure($"'{resource.Name}' is no process, or the application has not started.");
        }

        if (commandName is not ("start" or "stop" or "restart"))
        {
            return CommandResults.Failure($"'{commandName}' is no command of '{resource.Name}': {string.Join(", ", commands.Select(command => command.Name).Prepend("start, stop, restart"))}.");
        }

        if (commandName is "stop" or "restart")
        {
            await runner.StopAsync();
        }

        if (commandName is "start" or "restart")
        {
            await runner.StartAsync(cancellationToken);
        }

        return CommandResults.Success();
    }
}
