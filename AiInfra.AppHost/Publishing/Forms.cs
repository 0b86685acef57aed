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
    public static EndpointReference AddVllmReplica(
        IDistributedApplicationBuilder builder, string name, VllmPoolSettings settings, IResourceBuilder<ParameterResource> key) =>
        builder.ExecutionContext.IsPublishMode ? VllmContainer.Add(builder, name, settings, key) : VllmProcess.Add(builder, name, settings, key);

    public static EndpointReference? AddAlertmanager(IDistributedApplicationBuilder builder, string name, MonitoringSettings settings) =>
        ServiceForm.Of(builder).Containers ? MonitoringContainer.AddAlertmanager(builder, name, settings) : MonitoringProcess.AddAlertmanager(builder, name, settings);

    // A container sees a running host only in part: there the program does better, where it is installed.
    public static EndpointReference? AddNodeExporter(IDistributedApplicationBuilder builder, string name) =>
        builder.ExecutionContext.IsPublishMode ? MonitoringContainer.AddNodeExporter(builder, name) : MonitoringProcess.AddNodeExporter(builder, name);

    // Published replicas have a GPU; a running pool needs none.
    public static EndpointReference? AddGpuExporter(IDistributedApplicationBuilder builder, string name) =>
        builder.ExecutionContext.IsPublishMode ? MonitoringContainer.AddGpuExporter(builder, name) : MonitoringProcess.AddGpuExporter(builder, name);

    public static EndpointReference? AddRedisExporter(
        IDistributedApplicationBuilder builder, string name, IResourceBuilder<IResourceWithConnectionString> redis) => redis.Resource switch
        {
            RedisResource container => MonitoringContainer.AddRedisExporter(builder, name, container),
            RedisProcessResource process => MonitoringProcess.AddRedisExporter(builder, name, process),
            _ => null,
        };

    public static EndpointReference? AddPrometheus(
        IDistributedApplicationBuilder builder, string name, EndpointReference? alertmanager, IReadOnlyList<ScrapeSource> sources, MonitoringSettings settings) =>
        ServiceForm.Of(builder).Containers
            ? MonitoringContainer.AddPrometheus(builder, name, alertmanager, sources, settings)
            : MonitoringProcess.AddPrometheus(builder, name, alertmanager, sources, settings);

    public static EndpointReference? AddGrafana(
        IDistributedApplicationBuilder builder, string name, EndpointReference prometheus, IResourceBuilder<ParameterResource> password, MonitoringSettings settings) =>
        ServiceForm.Of(builder).Containers
            ? MonitoringContainer.AddGrafana(builder, name, prometheus, password, settings)
            : MonitoringProcess.AddGrafana(builder, name, prometheus, password, settings);
}
