using AiInfra.AppHost.Chroma;
using AiInfra.AppHost.Monitoring;
using AiInfra.AppHost.Redis;
using AiInfra.AppHost.Vllm;

namespace Aspire.Hosting;

/// <summary>
/// Chooses between the two forms of a backing service. This engine runs processes and knows no containers; its sister of the same name
/// in Publishing/ is compiled under Aspire and knows both.
/// </summary>
internal static class Forms
{
    public static IResourceBuilder<IResourceWithConnectionString> AddChroma(IDistributedApplicationBuilder builder, string name, int? port) =>
        ChromaProcess.Add(builder, name, port);

    public static IResourceBuilder<IResourceWithConnectionString> AddRedis(
        IDistributedApplicationBuilder builder, string name, int? port, IResourceBuilder<ParameterResource> password) =>
        RedisProcess.Add(builder, name, port, password);

    public static IReadOnlyList<EndpointReference> AddVllmServers(
        IDistributedApplicationBuilder builder, VllmPoolSettings settings, IResourceBuilder<ParameterResource> key) =>
        VllmProcess.Add(builder, settings, key);

    public static IResourceBuilder<ParameterResource>? AddVllmAddress(IDistributedApplicationBuilder builder, VllmPoolSettings settings) => null;

    public static EndpointReference? AddAlertmanager(IDistributedApplicationBuilder builder, string name, MonitoringSettings settings) =>
        MonitoringProcess.AddAlertmanager(builder, name, settings);

    public static EndpointReference? AddNodeExporter(IDistributedApplicationBuilder builder, string name) =>
        MonitoringProcess.AddNodeExporter(builder, name);

    public static EndpointReference? AddGpuExporter(IDistributedApplicationBuilder builder, string name) =>
        MonitoringProcess.AddGpuExporter(builder, name);

    public static EndpointReference? AddRedisExporter(
        IDistributedApplicationBuilder builder, string name, IResourceBuilder<IResourceWithConnectionString> redis) =>
        MonitoringProcess.AddRedisExporter(builder, name, (RedisProcessResource)redis.Resource);

    public static EndpointReference? AddPrometheus(
        IDistributedApplicationBuilder builder, string name, EndpointReference? alertmanager, IReadOnlyList<ScrapeSource> sources, MonitoringSettings settings) =>
        MonitoringProcess.AddPrometheus(builder, name, alertmanager, sources, settings);

    public static EndpointReference? AddGrafana(
        IDistributedApplicationBuilder builder, string name, EndpointReference prometheus, IResourceBuilder<ParameterResource> password, MonitoringSettings settings) =>
        MonitoringProcess.AddGrafana(builder, name, prometheus, password, settings);
}
