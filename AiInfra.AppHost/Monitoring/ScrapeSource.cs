using AiInfra.AppHost.Vllm;

namespace AiInfra.AppHost.Monitoring;

/// <summary>An endpoint of the application model whose <c>/metrics</c> Prometheus scrapes.</summary>
/// <param name="Job">One of <see cref="JobNames"/>.</param>
/// <param name="Endpoint">Where its metrics are.</param>
internal sealed record ScrapeSource(string Job, EndpointReference Endpoint)
{
    public IReadOnlyDictionary<string, string> Labels { get; private init; } = new Dictionary<string, string>();

    public static IEnumerable<ScrapeSource> Replicas(IEnumerable<VllmPool> pools) =>
        pools.SelectMany(pool => pool.Endpoints.Select(endpoint => new ScrapeSource(JobNames.Vllm, endpoint)
        {
            Labels = ScrapeTarget.Replica("", pool.Name, endpoint.Resource.Name).Labels,
        }));

    /// <summary>The jobs of these endpoints, whose addresses are known once they are allocated.</summary>
    public static IReadOnlyList<ScrapeJob> Jobs(IEnumerable<ScrapeSource> sources) =>
    [
        .. sources.GroupBy(source => source.Job).Select(job => new ScrapeJob(
            job.Key,
            [.. job.Select(source => new ScrapeTarget($"{source.Endpoint.Host}:{source.Endpoint.Port}") { Labels = source.Labels })])),
    ];
}
