using AiInfra.AppHost.Chroma;
using AiInfra.AppHost.Monitoring;
using AiInfra.AppHost.Publishing;
using AiInfra.AppHost.Redis;
using AiInfra.AppHost.Vllm;

namespace Aspire.Hosting;

/// <summary>
/// Chooses between the two forms of a backing service under Aspire: published services are always containers, running ones where a
/// container runtime answers. Its sister of the same name in Forms.Processes.cs knows processes only.
/// </summary>
internal static class Forms
{
    public static IResourceBuilder<IResourceWithConnectionString> AddChroma(IDistributedApplicationBuilder builder, string name, int? port) =>
        ServiceForm.Of(builder).Containers ? ChromaContainer.Add(builder, name, port) : ChromaProcess.Add(builder, name, port);

    public static IResourceBuilder<IResourceWithConnectionString> AddRedis(
        IDistributedApplicationBuilder builder, string name, int? port, IResourceBuilder<ParameterResource> password) =>
        ServiceForm.Of(builder).Containers ? RedisContainer.Add(builder, name, port, password) : RedisProcess.Add(builder, name, port, password);

    // A running pool is LocalVllm whatever runtime answers: a first run must not download gigabytes unasked.
    public static IReadOnlyList<EndpointReference> AddVllmServers(
        IDistributedApplicationBuilder builder, VllmPoolSettings settings, IResourceBuilder<ParameterResource> key) =>
        builder.ExecutionContext.IsPublishMode ? VllmContainer.Add(builder, settings, key) : VllmProcess.Add(builder, settings, key);

    // Container Apps have no GPU of the kind that a model of any size needs: there a pool runs elsewhere, and its address is asked for.
    public static IResourceBuilder<ParameterResource>? AddVllmAddress(IDistributedApplicationBuilder builder, VllmPoolSettings settings) =>
        builder.ExecutionContext.IsPublishMode && PublishingTarget.Of(builder) == PublishingTarget.Azure
            ? builder.AddParameter($"{settings.Name}-endpoint")
            : null;

    // Run as programs from PATH under Aspire too: only what is published are containers.
    public static EndpointReference? AddAlertmanager(IDistributedApplicationBuilder builder, string name, MonitoringSettings settings) =>
        !builder.ExecutionContext.IsPublishMode ? MonitoringProcess.AddAlertmanager(builder, name, settings)
        : BringsMonitoring(builder) ? MonitoringContainer.AddAlertmanager(builder, name) : null;

    // A published platform watches the hosts with what the cluster or the host brings: an exporter in a container sees the container.
    public static EndpointReference? AddNodeExporter(IDistributedApplicationBuilder builder, string name) =>
        builder.ExecutionContext.IsPublishMode ? null : MonitoringProcess.AddNodeExporter(builder, name);

    public static EndpointReference? AddRedisExporter(
        IDistributedApplicationBuilder builder, string name, IResourceBuilder<IResourceWithConnectionString> redis) => redis.Resource switch
        {
            RedisProcessResource process => MonitoringProcess.AddRedisExporter(builder, name, process),
            _ when builder.ExecutionContext.IsPublishMode && BringsMonitoring(builder) => MonitoringContainer.AddRedisExporter(builder, name, redis),
            _ => null,
        };

    public static EndpointReference? AddPrometheus(
        IDistributedApplicationBuilder builder, string name, EndpointReference? alertmanager, IReadOnlyList<ScrapeSource> sources, MonitoringSettings settings) =>
        !builder.ExecutionContext.IsPublishMode ? MonitoringProcess.AddPrometheus(builder, name, alertmanager, sources, settings)
        : alertmanager is not null ? MonitoringContainer.AddPrometheus(builder, name, [.. sources, new(JobNames.Alertmanager, alertmanager)], settings)
        : null;

    public static EndpointReference? AddGrafana(
        IDistributedApplicationBuilder builder, string name, EndpointReference prometheus, IResourceBuilder<ParameterResource> password) =>
        builder.ExecutionContext.IsPublishMode
            ? MonitoringContainer.AddGrafana(builder, name, prometheus, password)
            : MonitoringProcess.AddGrafana(builder, name, prometheus, password);

    // Azure watches by itself, and its manifest has no way to hand a container its files.
    private static bool BringsMonitoring(IDistributedApplicationBuilder builder) => PublishingTarget.Of(builder) != PublishingTarget.Azure;
}
