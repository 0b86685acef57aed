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
        BringsServers(builder) ? null : builder.AddParameter($"{settings.Name}-endpoint");

    public static EndpointReference? AddAlertmanager(IDistributedApplicationBuilder builder, string name, MonitoringSettings settings) =>
        !BringsServers(builder) ? null
        : ServiceForm.Of(builder).Containers ? MonitoringContainer.AddAlertmanager(builder, name, settings)
        : MonitoringProcess.AddAlertmanager(builder, name, settings);

    // A cluster watches its own nodes.
    public static EndpointReference? AddNodeExporter(IDistributedApplicationBuilder builder, string name) =>
        builder.ExecutionContext.IsRunMode ? MonitoringProcess.AddNodeExporter(builder, name)
        : PublishingTarget.Of(builder) == PublishingTarget.Compose ? MonitoringContainer.AddNodeExporter(builder, name)
        : null;

    // NVIDIA's exporter ends unless it may administrate the machine, which nothing of ours may: GPUs are watched by a program of the host,
    // or of the cluster.
    public static EndpointReference? AddGpuExporter(IDistributedApplicationBuilder builder, string name) =>
        builder.ExecutionContext.IsPublishMode ? null : MonitoringProcess.AddGpuExporter(builder, name);

    public static EndpointReference? AddRedisExporter(
        IDistributedApplicationBuilder builder, string name, IResourceBuilder<IResourceWithConnectionString> redis) => redis.Resource switch
        {
            RedisResource when !BringsServers(builder) => null,
            RedisResource container => MonitoringContainer.AddRedisExporter(builder, name, container),
            RedisProcessResource process => MonitoringProcess.AddRedisExporter(builder, name, process),
            _ => null,
        };

    public static EndpointReference? AddPrometheus(
        IDistributedApplicationBuilder builder, string name, EndpointReference? alertmanager, IReadOnlyList<ScrapeSource> sources, MonitoringSettings settings) =>
        !BringsServers(builder) ? null
        : ServiceForm.Of(builder).Containers ? MonitoringContainer.AddPrometheus(builder, name, alertmanager, sources, settings)
        : MonitoringProcess.AddPrometheus(builder, name, alertmanager, sources, settings);

    public static EndpointReference? AddGrafana(
        IDistributedApplicationBuilder builder, string name, EndpointReference prometheus, IResourceBuilder<ParameterResource> password, MonitoringSettings settings) =>
        ServiceForm.Of(builder).Containers
            ? MonitoringContainer.AddGrafana(builder, name, prometheus, password, settings)
            : MonitoringProcess.AddGrafana(builder, name, prometheus, password, settings);

    // Azure watches by itself, and its manifest has no way to hand a container its files.
    private static bool BringsServers(IDistributedApplicationBuilder builder) =>
        builder.ExecutionContext.IsRunMode || PublishingTarget.Of(builder) != PublishingTarget.Azure;
}
