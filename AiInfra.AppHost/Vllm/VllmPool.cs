namespace AiInfra.AppHost.Vllm;

/// <summary>Servers of one model under one service name.</summary>
/// <param name="Settings">What the pool was made of.</param>
/// <param name="Key">What the servers ask of their callers.</param>
/// <param name="Endpoints">The <c>http</c> endpoints of those that the platform runs; none where the pool runs elsewhere.</param>
internal sealed record VllmPool(VllmPoolSettings Settings, IResourceBuilder<ParameterResource> Key, IReadOnlyList<EndpointReference> Endpoints)
{
    /// <summary>Service name, letters and digits only.</summary>
    public string Name => Settings.Name;

    /// <summary>Where the pool is, asked for when it is deployed; null where the platform runs it or configuration says it.</summary>
    public IResourceBuilder<ParameterResource>? Address { get; init; }
}
