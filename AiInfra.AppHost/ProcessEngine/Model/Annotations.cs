using System.Net.Sockets;

namespace Aspire.Hosting.ApplicationModel;

internal enum WaitType
{
    WaitUntilHealthy,
    WaitForCompletion,
    WaitUntilStarted,
}

internal sealed record WaitAnnotation(IResource Resource, WaitType WaitType, int ExitCode = 0) : IResourceAnnotation;

internal sealed record ResourceRelationshipAnnotation(IResource Resource, string Type) : IResourceAnnotation;

internal sealed record HealthCheckAnnotation(string Key) : IResourceAnnotation;

internal sealed record ExplicitStartupAnnotation : IResourceAnnotation;

internal sealed record RequiredCommandAnnotation(string Command, string? HelpLink) : IResourceAnnotation;

internal sealed record ResourceCommandAnnotation(string Name, string DisplayName, Func<ExecuteCommandContext, Task<ExecuteCommandResult>> ExecuteCommand)
    : IResourceAnnotation;

internal sealed record EnvironmentCallbackAnnotation(Func<EnvironmentCallbackContext, Task> Callback) : IResourceAnnotation;

internal sealed record CommandLineArgsCallbackAnnotation(Func<CommandLineArgsCallbackContext, Task> Callback) : IResourceAnnotation;

internal sealed record EnvironmentCallbackContext(DistributedApplicationExecutionContext ExecutionContext, IResource Resource, CancellationToken CancellationToken)
{
    public Dictionary<string, object> EnvironmentVariables { get; } = [];
}

internal sealed record CommandLineArgsCallbackContext(IList<object> Args, CancellationToken CancellationToken);

internal sealed class EndpointAnnotation(ProtocolType protocol, string? uriScheme = null, string? name = null) : IResourceAnnotation
{
    public ProtocolType Protocol { get; } = protocol;

    public string UriScheme { get; set; } = uriScheme ?? "tcp";

    public string Name { get; } = name ?? uriScheme ?? "tcp";

    /// <summary>The port that others use. Without a proxy it is also the one that the process listens on.</summary>
    public int? Port { get; set; }

    public string TargetHost { get; set; } = "localhost";

    public AllocatedEndpoint? AllocatedEndpoint { get; set; }

    /// <summary>The variable that tells the process its port. A web project binds such an endpoint itself.</summary>
    internal string? TargetPortEnvironmentVariable { get; set; }
}

internal sealed record AllocatedEndpoint(EndpointAnnotation Endpoint, string Address, int Port)
{
    public string UriString => $"{Endpoint.UriScheme}://{Address}:{Port}";
}
