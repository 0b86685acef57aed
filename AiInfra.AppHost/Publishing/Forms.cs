using AiInfra.AppHost.Chroma;
using AiInfra.AppHost.Publishing;
using AiInfra.AppHost.Redis;
using AiInfra.AppHost.Vllm;

namespace Aspire.Hosting;

/// <summary>
/// Chooses between the two forms of a backing service under Aspire: published services are always containers, running ones where a
/// container runtime answers. Its sister of the same name in ProcessEngine/ knows processes only.
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
}
