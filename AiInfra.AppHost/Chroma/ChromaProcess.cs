using Microsoft.Extensions.DependencyInjection;

namespace AiInfra.AppHost.Chroma;

/// <summary>The executable form: the server of the npm package, run by node without npx in between, which would hide it from signals.</summary>
internal static class ChromaProcess
{
    public static IResourceBuilder<IResourceWithConnectionString> Add(IDistributedApplicationBuilder builder, string name, int? port)
    {
        var installation = new ChromaInstallation(builder.State().Packages);
        // A newer server's files cannot be read by an older one: each version has its own folder.
        var data = builder.State().Folder("data", $"chroma-{ChromaInstallation.Version}");
        var resource = new ChromaProcessResource(name, "node", data);
        return builder.AddResource(resource)
            .WithRequiredCommand("node", "Node.js 20 or later, https://nodejs.org")
            .WithHttpEndpoint(port: port, name: ChromaProcessResource.EndpointName)
            .WithArgs(
                installation.Server, "run", "--path", data, "--host", "127.0.0.1",
                "--port", resource.Endpoint.Property(EndpointProperty.TargetPort))
            .WithHttpHealthCheck("/api/v2/heartbeat", endpointName: ChromaProcessResource.EndpointName)
            .OnBeforeResourceStarted((chroma, started, cancellationToken) =>
                installation.EnsureAsync(started.Services.GetRequiredService<ResourceLoggerService>().GetLogger(chroma), cancellationToken));
    }
}
