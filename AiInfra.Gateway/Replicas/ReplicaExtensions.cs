namespace AiInfra.Gateway.Replicas;

internal static class ReplicaExtensions
{
    public static void AddReplicas(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<ReplicaPools>();
        builder.Services.AddHostedService<ReplicaDiscovery>();
        builder.Services.AddHostedService<ReplicaProbe>();
    }
}
