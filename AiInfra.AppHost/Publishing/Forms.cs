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

    // Monitoring has no container form yet: under Aspire it runs where its programs are on PATH, and a published target brings its own.
    public static EndpointReference? AddAlertmanager(IDistributedApplicationBuilder builder, string name, MonitoringSettings settings) =>
        builder.ExecutionContext.IsPublishMode ? null : MonitoringProcess.AddAlertmanager(builder, name, settings);

    public static EndpointReference? AddNodeExporter(IDistributedApplicationBuilder builder, string name) =>
        builder.ExecutionContext.IsPublishMode ? null : MonitoringProcess.AddNodeExporter(builder, name);

    public static EndpointReference? AddRedisExporter(
        IDistributedApplicationBuilder builder, string name, IResourceBuilder<IResourceWithConnectionString> redis) =>
        redis.Resource is RedisProcessResource process ? MonitoringProcess.AddRedisExporter(builder, name, process) : null;

    public static EndpointReference? AddPrometheus(
        IDistributedApplicationBuilder builder, string name, EndpointReference? alertmanager, IReadOnlyList<ScrapeSource> sources, MonitoringSettings settings) =>
        builder.ExecutionContext.IsPublishMode ? null : MonitoringProcess.AddPrometheus(builder, name, alertmanager, sources, settings);

    public static EndpointReference? AddGrafana(
        IDistributedApplicationBuilder builder, string name, EndpointReference prometheus, IResourceBuilder<ParameterResource> password) =>
        MonitoringProcess.AddGrafana(builder, name, prometheus, password);
}
