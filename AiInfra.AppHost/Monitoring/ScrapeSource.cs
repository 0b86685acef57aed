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

    /// <summary>The jobs of these endpoints.</summary>
    /// <param name="sources">What is scraped.</param>
    /// <param name="address">How an endpoint is reached from where Prometheus runs, as <c>host:port</c>.</param>
    public static IReadOnlyList<ScrapeJob> Jobs(IEnumerable<ScrapeSource> sources, Func<EndpointReference, string> address) =>
    [
        .. sources.GroupBy(source => source.Job).Select(job => new ScrapeJob(
            job.Key,
            [.. job.Select(source => new ScrapeTarget(address(source.Endpoint)) { Labels = source.Labels })])),
    ];
}
