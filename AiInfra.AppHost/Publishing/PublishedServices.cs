using System.Globalization;
using AiInfra.AppHost.Topology;

namespace AiInfra.AppHost.Publishing;

/// <summary>Gives the resources what they only need away from a laptop: fixed ports, addresses that others reach, volumes of their own.</summary>
internal static class PublishedServices
{
    public static void Prepare(IDistributedApplicationBuilder builder, Architecture architecture)
    {
        foreach (var resource in builder.Resources.OfType<IResourceWithEndpoints>())
        {
            var shape = architecture[resource.Name];
            SetPorts(resource, shape);
            // A target brings files in its own way: see PublishedFiles.
            foreach (var inline in resource.Annotations.OfType<ContainerFileSystemCallbackAnnotation>().ToList())
            {
                resource.Annotations.Remove(inline);
            }

            SetVolume(resource, shape, PublishingTarget.Of(builder) != PublishingTarget.Kubernetes);
            if (resource is IResourceWithEnvironment && shape.IsOurs)
            {
                resource.Annotations.Add(new EnvironmentCallbackAnnotation(context => SetEnvironment(context, shape)));
            }
        }
    }

    private static void SetPorts(IResourceWithEndpoints resource, ServiceShape shape)
    {
        foreach (var endpoint in resource.Annotations.OfType<EndpointAnnotation>())
        {
            endpoint.TargetPort = shape.Ports[endpoint.Name];
            endpoint.Port = null;
            endpoint.IsExternal = shape.Zone == Zone.Edge && endpoint.Name == "http";
        }
    }

    // One volume a service, and the same one in every target; the chart claims and mounts them itself.
    private static void SetVolume(IResource resource, ServiceShape shape, bool isMounted)
    {
        foreach (var mount in resource.Annotations.OfType<ContainerMountAnnotation>().ToList())
        {
            resource.Annotations.Remove(mount);
        }

        if (isMounted && shape.Volume is { } volume)
        {
            resource.Annotations.Add(new ContainerMountAnnotation(volume.Name, volume.Path, ContainerMountType.Volume, isReadOnly: false));
        }
    }

    private static void SetEnvironment(EnvironmentCallbackContext context, ServiceShape shape)
    {
        var variables = context.EnvironmentVariables;
        // Connection strings say all that our services read. The same password in a second variable could only leak.
        foreach (var name in variables.Keys.Where(name => name.StartsWith("REDIS_", StringComparison.Ordinal) || name.StartsWith("CHROMA_", StringComparison.Ordinal)).ToList())
        {
            variables.Remove(name);
        }

        // Shorter than the time after which the runtime kills, so that running answers end by themselves.
        variables["DOTNET_SHUTDOWNTIMEOUTSECONDS"] = (shape.StopSeconds - 10).ToString(CultureInfo.InvariantCulture);
        if (shape.Name == Architecture.Gateway)
        {
            variables["Listeners__Internal__Address"] = "*";
            variables["Limits__JournalFolder"] = "/data";
        }
        else
        {
            variables["Memory__DataFolder"] = "/data";
        }
    }
}
