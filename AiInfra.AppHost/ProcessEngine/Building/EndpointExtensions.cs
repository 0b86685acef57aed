using System.Net.Sockets;
using AiInfra.AppHost.ProcessEngine.Running;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Aspire.Hosting;

/// <summary>Endpoints and the checks that tell whether they answer.</summary>
internal static class EndpointExtensions
{
    public static IResourceBuilder<T> WithHttpEndpoint<T>(
        this IResourceBuilder<T> builder, int? port = null, int? targetPort = null, [EndpointName] string? name = null, string? env = null)
        where T : IResourceWithEndpoints => builder.WithEndpoint(port, targetPort, "http", name, env);

    public static IResourceBuilder<T> WithEndpoint<T>(
        this IResourceBuilder<T> builder, int? port = null, int? targetPort = null, string? scheme = null, [EndpointName] string? name = null,
        string? env = null)
        where T : IResourceWithEndpoints
    {
        var endpoint = builder.Endpoint(name ?? scheme ?? "tcp", scheme);
        endpoint.Port = port ?? targetPort ?? endpoint.Port;
        endpoint.TargetPortEnvironmentVariable = env ?? endpoint.TargetPortEnvironmentVariable;
        return builder;
    }

    public static EndpointReference GetEndpoint<T>(this IResourceBuilder<T> builder, [EndpointName] string name)
        where T : IResourceWithEndpoints => new(builder.Resource, name);

    public static IResourceBuilder<T> WithHealthCheck<T>(this IResourceBuilder<T> builder, string key)
        where T : IResource => builder.WithAnnotation(new HealthCheckAnnotation(key));

    public static IResourceBuilder<T> WithHttpHealthCheck<T>(
        this IResourceBuilder<T> builder, string? path = null, int? statusCode = null, [EndpointName] string? endpointName = null)
        where T : IResourceWithEndpoints
    {
        var endpoint = builder.GetEndpoint(endpointName ?? "http");
        var (target, status) = (path ?? "/", statusCode ?? 200);
        var key = $"{builder.Resource.Name}_{endpoint.EndpointName}_{target}_{status}_check";
        builder.ApplicationBuilder.Services.AddHealthChecks()
            .Add(new HealthCheckRegistration(key, _ => new HttpHealthCheck(() => $"{endpoint.Url}{target}", status), null, null));
        return builder.WithHealthCheck(key);
    }

    private static EndpointAnnotation Endpoint<T>(this IResourceBuilder<T> builder, string name, string? scheme)
        where T : IResourceWithEndpoints
    {
        var endpoint = builder.Resource.Annotations.OfType<EndpointAnnotation>()
            .FirstOrDefault(one => one.Name.Equals(name, StringComparison.OrdinalIgnoreCase));
        if (endpoint is null)
        {
            endpoint = new EndpointAnnotation(ProtocolType.Tcp, scheme ?? name, name);
            builder.WithAnnotation(endpoint);
        }

        return endpoint;
    }
}
