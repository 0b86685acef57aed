using System.Net.Sockets;
using Microsoft.Extensions.Logging;

namespace Aspire.Hosting.ApplicationModel;

internal enum WaitType
{
    WaitUntilHealthy,
    WaitForCompletion,
    WaitUntilStarted,
}

internal enum ResourceAnnotationMutationBehavior
{
    Append,
    Replace,
}

internal sealed class EndpointAnnotation(ProtocolType protocol, string? uriScheme = null, string? name = null) : IResourceAnnotation
{
    public ProtocolType Protocol { get; } = protocol;

    public string UriScheme { get; set; } = uriScheme ?? "tcp";

    public string Name { get; } = name ?? uriScheme ?? "tcp";

    /// <summary>The port that others use. Without a proxy it is also the one that the process listens on.</summary>
    public int? Port { get; set; }

    public int? TargetPort { get; set; }

    public string TargetHost { get; set; } = "localhost";

    public bool IsProxied { get; set; } = true;

    public bool IsExternal { get; set; }

    public bool ExcludeReferenceEndpoint { get; set; }

    public AllocatedEndpoint? AllocatedEndpoint { get; set; }

    /// <summary>The variable that tells the process its port. A web project binds such an endpoint itself.</summary>
    internal string? TargetPortEnvironmentVariable { get; set; }
}

internal sealed class AllocatedEndpoint(EndpointAnnotation endpoint, string address, int port)
{
    public string Address { get; } = address;

    public int Port { get; } = port;

    public string UriString => $"{endpoint.UriScheme}://{Address}:{Port}";
}

internal sealed class EnvironmentCallbackContext(DistributedApplicationExecutionContext executionContext, IResource resource, CancellationToken cancellationToken)
{
    public Dictionary<string, object> EnvironmentVariables { get; } = [];

    public DistributedApplicationExecutionContext ExecutionContext { get; } = executionContext;

    public IResource Resource { get; } = resource;

    public CancellationToken CancellationToken { get; } = cancellationToken;
}

internal sealed class EnvironmentCallbackAnnotation(Func<EnvironmentCallbackContext, Task> callback) : IResourceAnnotation
{
    public Func<EnvironmentCallbackContext, Task> Callback { get; } = callback;
}

internal sealed class CommandLineArgsCallbackContext(IList<object> args, CancellationToken cancellationToken)
{
    public IList<object> Args { get; } = args;

    public CancellationToken CancellationToken { get; } = cancellationToken;
}

internal sealed class CommandLineArgsCallbackAnnotation(Func<CommandLineArgsCallbackContext, Task> callback) : IResourceAnnotation
{
    public Func<CommandLineArgsCallbackContext, Task> Callback { get; } = callback;
}

internal sealed class WaitAnnotation(IResource resource, WaitType waitType, int exitCode = 0) : IResourceAnnotation
{
    public IResource Resource { get; } = resource;

    public WaitType WaitType { get; } = waitType;

    public int ExitCode { get; } = exitCode;
}

internal sealed class ResourceRelationshipAnnotation(IResource resource, string type) : IResourceAnnotation
{
    public IResource Resource { get; } = resource;

    public string Type { get; } = type;
}

internal sealed class HealthCheckAnnotation(string key) : IResourceAnnotation
{
    public string Key { get; } = key;
}

internal sealed class ExplicitStartupAnnotation : IResourceAnnotation;

internal sealed class RequiredCommandAnnotation(string command, string? helpLink) : IResourceAnnotation
{
    public string Command { get; } = command;

    public string? HelpLink { get; } = helpLink;
}

internal sealed class ResourceUrlAnnotation : IResourceAnnotation
{
    public required string Url { get; set; }

    public string? DisplayText { get; set; }

    public EndpointReference? Endpoint { get; init; }
}

internal sealed class ExecuteCommandContext
{
    public required IServiceProvider ServiceProvider { get; init; }

    public required string ResourceName { get; init; }

    public required CancellationToken CancellationToken { get; init; }

    public required ILogger Logger { get; init; }
}
