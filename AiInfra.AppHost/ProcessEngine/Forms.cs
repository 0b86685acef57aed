using AiInfra.AppHost.Chroma;
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

    public static EndpointReference AddVllmReplica(
        IDistributedApplicationBuilder builder, string name, VllmPoolSettings settings, IResourceBuilder<ParameterResource> key) =>
        VllmProcess.Add(builder, name, settings, key);
}
