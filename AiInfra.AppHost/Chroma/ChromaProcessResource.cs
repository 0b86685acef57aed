namespace AiInfra.AppHost.Chroma;

internal sealed class ChromaProcessResource(string name, string command, string workingDirectory)
    : ExecutableResource(name, command, workingDirectory), IResourceWithConnectionString
{
    public const string EndpointName = "http";

    public EndpointReference Endpoint => field ??= new EndpointReference(this, EndpointName);

    /// <summary>In the toolkit's form, equal to the container's.</summary>
    public ReferenceExpression ConnectionStringExpression => ReferenceExpression.Create($"Endpoint={Endpoint.Property(EndpointProperty.Url)}");

    public IEnumerable<KeyValuePair<string, ReferenceExpression>> GetConnectionProperties() =>
    [
        new("Host", ReferenceExpression.Create($"{Endpoint.Property(EndpointProperty.Host)}")),
        new("Port", ReferenceExpression.Create($"{Endpoint.Property(EndpointProperty.Port)}")),
        new("Uri", ReferenceExpression.Create($"{Endpoint.Property(EndpointProperty.Url)}")),
    ];
}
