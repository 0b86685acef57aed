using System.Net;

namespace AiInfra.Gateway.Replicas;

internal static class ReplicaExtensions
{
    public static void AddReplicas(this WebApplicationBuilder builder)
    {
        builder.Services.AddOptionsWithValidateOnStart<ReplicaOptions, ReplicaOptionsValidator>().BindConfiguration(ReplicaOptions.Section);
        builder.Services.AddSingleton<ReplicaPools>();
        builder.Services.AddSingleton<HostLookup>(Dns.GetHostAddressesAsync);
        builder.Services.AddHostedService<ReplicaDiscovery>();
        builder.Services.AddHostedService<ReplicaProbe>();
    }
}
