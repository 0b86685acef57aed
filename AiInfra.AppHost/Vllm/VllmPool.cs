namespace AiInfra.AppHost.Vllm;

/// <summary>Replicas that serve one model under one service name.</summary>
/// <param name="Name">Service name, letters and digits only: hyphens are lost in environment variables.</param>
/// <param name="Model">Public name of the model.</param>
/// <param name="Key">What the replicas ask of their callers; null for nothing.</param>
/// <param name="Endpoints">The replicas' <c>http</c> endpoints.</param>
internal sealed record VllmPool(string Name, string Model, IResourceBuilder<ParameterResource>? Key, IReadOnlyList<EndpointReference> Endpoints)
{
    /// <summary>A server that somebody else runs, in the replicas' place; null for none.</summary>
    public Uri? External { get; init; }
}
