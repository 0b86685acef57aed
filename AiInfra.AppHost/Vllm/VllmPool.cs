namespace AiInfra.AppHost.Vllm;

/// <summary>Servers of one model under one service name.</summary>
/// <param name="Name">Service name, letters and digits only: hyphens are lost in environment variables.</param>
/// <param name="Model">Public name of the model.</param>
/// <param name="Key">What the servers ask of their callers; null for nothing.</param>
/// <param name="Endpoints">The <c>http</c> endpoints of those that the platform runs; none where the pool runs elsewhere.</param>
internal sealed record VllmPool(string Name, string Model, IResourceBuilder<ParameterResource>? Key, IReadOnlyList<EndpointReference> Endpoints)
{
    /// <summary>A server that somebody else runs, in the platform's place; null for none.</summary>
    public Uri? External { get; init; }

    /// <summary>The same, where its address is asked for when the platform is deployed.</summary>
    public IResourceBuilder<ParameterResource>? Address { get; init; }
}
