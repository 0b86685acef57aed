using Microsoft.Extensions.ServiceDiscovery;

namespace AiInfra.Gateway.Memories;

/// <summary>Where the memory service is.</summary>
internal sealed class MemoryLocator(ServiceEndpointResolver resolver, IConfiguration configuration)
{
    public const string Audience = "memory";

    public bool IsConfigured { get; } = configuration.GetSection("services:memory").Exists();

    public async ValueTask<string> FindAsync(CancellationToken cancellationToken)
    {
        var source = await resolver.GetEndpointsAsync("http://memory", cancellationToken);
        var endpoint = source.Endpoints[Random.Shared.Next(source.Endpoints.Count)].EndPoint;
        return endpoint is UriEndPoint named ? named.Uri.GetLeftPart(UriPartial.Authority) : $"http://{endpoint}";
    }
}
