using AiInfra.AppHost.Monitoring;

namespace AiInfra.AppHost.Topology;

/// <summary>Configuration of the monitoring stack as published targets mount it, by its path below one folder.</summary>
internal static class PublishedFiles
{
    /// <param name="architecture">What is watched.</param>
    /// <param name="settings">Retention, receivers, intervals.</param>
    /// <param name="isKubernetes">True where a name stands for several instances and DNS lists them.</param>
    public static IReadOnlyDictionary<string, string> Write(Architecture architecture, MonitoringSettings settings, bool isKubernetes)
    {
        string Address(string name, int port) => FormattableString.Invariant($"{name}{(isKubernetes ? "-service" : "")}:{port}");

        var models = architecture.Services.Where(service => service.Pool is not null).ToList();
        var targets = new MonitoringTargets(
            [
                // Each instance is a target: a name alone would give the figures of any of them.
                new(JobNames.Gateway, []) { Dns = new(isKubernetes ? "gateway-pods" : Architecture.Gateway, 8081) },
                new(JobNames.Memory, []) { Dns = DnsTargets.Of(Address(Architecture.Memory, 8080)) },
                .. models.Count == 0 ? Array.Empty<ScrapeJob>() : [isKubernetes
                    ? new(JobNames.Vllm, []) { Pools = [.. models.Select(model => new DnsTargets($"{model.Name}-service", Architecture.ModelPort))] }
                    : new(JobNames.Vllm, [.. models.Select(model => ScrapeTarget.Replica(Address(model.Name, Architecture.ModelPort), model.Pool!, model.Name))])],
                new(JobNames.Redis, [new(Address(Architecture.RedisExporter, 9121))]),
                .. architecture.Services.Where(service => service.SeesHost).Select(service => new ScrapeJob(JobNames.Node, [new(Address(service.Name, 9100))])),
                new(JobNames.Prometheus, [new("localhost:9090")]),
                new(JobNames.Alertmanager, [new(Address(Architecture.Alertmanager, 9093))]),
            ],
            Address(Architecture.Alertmanager, 9093));
        return MonitoringFiles.Prometheus(targets, settings)
            .Concat(MonitoringFiles.Alertmanager(settings))
            .Concat(MonitoringFiles.Grafana($"http://{Address(Architecture.Prometheus, 9090)}", Architecture.DashboardFolder, settings))
            .ToDictionary();
    }
}
