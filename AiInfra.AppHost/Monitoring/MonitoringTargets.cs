namespace AiInfra.AppHost.Monitoring;

/// <summary>What Prometheus scrapes and where it sends alerts: all that differs between processes, Compose and Kubernetes.</summary>
/// <param name="Jobs">One entry a kind of target (<see cref="JobNames"/>).</param>
/// <param name="Alertmanager"><c>host:port</c> of Alertmanager, or null where none runs.</param>
internal sealed record MonitoringTargets(IReadOnlyList<ScrapeJob> Jobs, string? Alertmanager);

/// <summary>Targets of one kind, either listed or found by DNS.</summary>
internal sealed record ScrapeJob(string Name, IReadOnlyList<ScrapeTarget> Targets)
{
    /// <summary>
    /// A name whose A records are all instances (a headless service), with the port to scrape. A plain service name would
    /// give the figures of a random instance at each scrape.
    /// </summary>
    public DnsTargets? Dns { get; init; }

    /// <summary>Pools found the same way, each by a name that begins with the pool's: <c>POOL-service</c>.</summary>
    public IReadOnlyList<DnsTargets> Pools { get; init; } = [];
}

/// <summary>One address (<c>host:port</c>) and the labels that its series carry, such as <c>pool</c> and <c>replica</c>.</summary>
internal sealed record ScrapeTarget(string Address)
{
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();

    /// <summary>A vLLM replica: rules and dashboards find it by its pool and its resource name.</summary>
    public static ScrapeTarget Replica(string address, string pool, string replica) =>
        new(address) { Labels = new Dictionary<string, string> { ["pool"] = pool, ["replica"] = replica } };
}

internal sealed record DnsTargets(string Name, int Port)
{
    /// <summary>The instances behind <c>host:port</c>.</summary>
    public static DnsTargets Of(string address) =>
        address.Split(':') is [var host, var port] && int.TryParse(port, System.Globalization.CultureInfo.InvariantCulture, out var number)
            ? new(host, number)
            : new(address, 80);
}

/// <summary>The values of the label <c>job</c> that rules and dashboards select by.</summary>
internal static class JobNames
{
    public const string Gateway = "gateway";
    public const string Memory = "memory";
    public const string Vllm = "vllm";
    public const string Redis = "redis";
    public const string Node = "node";
    public const string Gpu = "dcgm";
    public const string Prometheus = "prometheus";
    public const string Alertmanager = "alertmanager";
}
