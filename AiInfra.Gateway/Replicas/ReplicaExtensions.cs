namespace AiInfra.Gateway.Replicas;

internal static class ReplicaExtensions
{
    public static void AddReplicas(this WebApplicationBuilder builder)
    {
        builder.Services.AddOptionsWithValidateOnStart<ReplicaOptions, ReplicaOptionsValidator>().BindConfiguration(ReplicaOptions.Section);
        builder.Services.AddSingleton<ReplicaPools>();
        builder.Services.AddHostedService<ReplicaDiscovery>();
        builder.Services.AddHostedService<ReplicaProbe>();
    }
}
