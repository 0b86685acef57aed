using System.Globalization;
using System.Net.Sockets;

namespace Aspire.Hosting.ApplicationModel;

internal enum EndpointProperty
{
    Url,
    Host,
    IPV4Host,
    Port,
    Scheme,
    TargetPort,
    HostAndPort,
    TlsEnabled,
}

internal sealed class EndpointReference(IResourceWithEndpoints owner, string endpointName) : IExpressionValue
{
    public IResourceWithEndpoints Resource { get; } = owner;

    public string EndpointName { get; } = endpointName;

    public EndpointAnnotation EndpointAnnotation => Resource.Annotations.OfType<EndpointAnnotation>()
        .FirstOrDefault(endpoint => endpoint.Name.Equals(EndpointName, StringComparison.OrdinalIgnoreCase))
        ?? throw new DistributedApplicationException($"Resource '{Resource.Name}' has no endpoint '{EndpointName}'.");

    public string Scheme => EndpointAnnotation.UriScheme;

    public string Host => Allocated.Address;

    public int Port => Allocated.Port;

    public string Url => Allocated.UriString;

    public string ValueExpression => $"{{{Resource.Name}.bindings.{EndpointName}.url}}";

    private AllocatedEndpoint Allocated => EndpointAnnotation.AllocatedEndpoint
        ?? throw new DistributedApplicationException($"The endpoint '{EndpointName}' of resource '{Resource.Name}' has no port before the application starts.");

    public EndpointReferenceExpression Property(EndpointProperty property) => new(this, property);

    public ValueTask<string?> GetValueAsync(CancellationToken cancellationToken = default) => new(Url);
}

internal sealed record EndpointReferenceExpression(EndpointReference Endpoint, EndpointProperty Property) : IExpressionValue
{
    public string ValueExpression =>
        $"{{{Endpoint.Resource.Name}.bindings.{Endpoint.EndpointName}.{char.ToLowerInvariant(Property.ToString()[0])}{Property.ToString()[1..]}}}";

    public ValueTask<string?> GetValueAsync(CancellationToken cancellationToken = default) => new(Property switch
    {
        EndpointProperty.Url => Endpoint.Url,
        EndpointProperty.Host => Endpoint.Host,
        EndpointProperty.IPV4Host => "127.0.0.1",
        // Nothing stands between the public port and the process: both are the same.
        EndpointProperty.Port or EndpointProperty.TargetPort => Endpoint.Port.ToString(CultureInfo.InvariantCulture),
        EndpointProperty.Scheme => Endpoint.Scheme,
        EndpointProperty.HostAndPort => $"{Endpoint.Host}:{Endpoint.Port}",
        EndpointProperty.TlsEnabled => Endpoint.EndpointAnnotation is { Protocol: ProtocolType.Tcp, UriScheme: "https" } ? bool.TrueString : bool.FalseString,
        _ => throw new InvalidOperationException($"{Property} is no endpoint property."),
    });
}
