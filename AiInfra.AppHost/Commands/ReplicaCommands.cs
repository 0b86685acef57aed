using AiInfra.AppHost.Commands;
using AiInfra.AppHost.Vllm;

namespace Aspire.Hosting;

/// <summary>What an operator does with one replica: no new requests to it, and back again.</summary>
internal static class ReplicaCommands
{
    /// <summary>Gives every replica of the pools the commands <c>drain</c> and <c>undrain</c>, which ask the gateway's admin listener.</summary>
    public static IResourceBuilder<T> WithDrainCommands<T>(
        this IResourceBuilder<T> gateway, IReadOnlyList<VllmPool> pools, IResourceBuilder<ParameterResource> adminKey)
        where T : IResourceWithEndpoints
    {
        var admin = gateway.GetEndpoint("admin");
        foreach (var replica in pools.SelectMany(pool => pool.Endpoints))
        {
            gateway.ApplicationBuilder.CreateResourceBuilder(replica.Resource)
                .WithCommand("drain", "Drain", context => AskAsync(HttpMethod.Post, replica, context))
                .WithCommand("undrain", "Take requests again", context => AskAsync(HttpMethod.Delete, replica, context));
        }

        return gateway;

        // The gateway names a replica by its address.
        Task<ExecuteCommandResult> AskAsync(HttpMethod method, EndpointReference replica, ExecuteCommandContext context) => ServiceCall.ToResultAsync(async () =>
            await ServiceCall.SendAsync(
                method,
                $"{admin.Url}/admin/replicas/{new Uri(replica.Url).Authority}/drain",
                await adminKey.Resource.GetValueAsync(context.CancellationToken),
                context.CancellationToken));
    }
}
