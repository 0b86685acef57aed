using AiInfra.AppHost.Monitoring;
using AiInfra.AppHost.State;

namespace Aspire.Hosting;

/// <summary>
/// The monitoring stack. Each is a container where containers run or are published, else its program from PATH; where there is none it is
/// left out, with a sentence that says what to install, and null is returned.
/// </summary>
internal static class MonitoringExtensions
{
    /// <summary>Adds Alertmanager, which groups alerts and tells people.</summary>
    public static EndpointReference? AddAlertmanager(this IDistributedApplicationBuilder builder, [ResourceName] string name) =>
        Forms.AddAlertmanager(builder, name, MonitoringSettings.From(builder.Configuration));

    /// <summary>Adds the exporter of the host's figures, where this host has one.</summary>
    public static IEnumerable<ScrapeSource> AddNodeExporter(this IDistributedApplicationBuilder builder, [ResourceName] string name) =>
        Forms.AddNodeExporter(builder, name) is { } endpoint ? [new ScrapeSource(JobNames.Node, endpoint)] : [];

    /// <summary>Adds the exporter of the figures of NVIDIA's GPUs, where there is one.</summary>
    public static IEnumerable<ScrapeSource> AddGpuExporter(this IDistributedApplicationBuilder builder, [ResourceName] string name) =>
        Forms.AddGpuExporter(builder, name) is { } endpoint ? [new ScrapeSource(JobNames.Gpu, endpoint)] : [];

    /// <summary>Adds the exporter of Redis' figures.</summary>
    public static IEnumerable<ScrapeSource> AddRedisExporter(
        this IDistributedApplicationBuilder builder, [ResourceName] string name, IResourceBuilder<IResourceWithConnectionString> redis) =>
        Forms.AddRedisExporter(builder, name, redis) is { } endpoint ? [new ScrapeSource(JobNames.Redis, endpoint)] : [];

    /// <summary>Adds Prometheus with the platform's rules.</summary>
    /// <param name="builder">The application.</param>
    /// <param name="name">Name of the resource.</param>
    /// <param name="alertmanager">Where alerts go, or null.</param>
    /// <param name="sources">What is scraped, beside Prometheus and Alertmanager themselves.</param>
    public static EndpointReference? AddPrometheus(
        this IDistributedApplicationBuilder builder, [ResourceName] string name, EndpointReference? alertmanager, IReadOnlyList<ScrapeSource> sources) =>
        Forms.AddPrometheus(builder, name, alertmanager, sources, MonitoringSettings.From(builder.Configuration));

    /// <summary>Adds Grafana with the platform's dashboards. Without Prometheus there is nothing to show.</summary>
    public static EndpointReference? AddGrafana(this IDistributedApplicationBuilder builder, [ResourceName] string name, EndpointReference? prometheus) =>
        prometheus is null ? null : Forms.AddGrafana(
            builder, name, prometheus, builder.AddGeneratedSecret($"{name}-password", GeneratedSecrets.Password), MonitoringSettings.From(builder.Configuration));
}
