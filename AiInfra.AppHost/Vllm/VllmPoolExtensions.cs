using System.Globalization;
using AiInfra.AppHost.State;
using AiInfra.AppHost.Vllm;
using Microsoft.Extensions.Configuration;

namespace Aspire.Hosting;

/// <summary>Pools of model servers.</summary>
internal static class VllmPoolExtensions
{
    /// <summary>
    /// Adds a pool: resources <c>NAME0…n</c>. In run mode they are LocalVllm, which needs no GPU and no download; published they are vLLM.
    /// </summary>
    public static VllmPool AddVllmPool(this IDistributedApplicationBuilder builder, [ResourceName] string name)
    {
        var settings = VllmPoolSettings.From(builder.Configuration);
        var key = builder.AddGeneratedSecret($"{name}-key", GeneratedSecrets.ApiKey);
        var replicas = Enumerable.Range(0, settings.Replicas)
            .Select(number => Forms.AddVllmReplica(builder, $"{name}{number.ToString(CultureInfo.InvariantCulture)}", settings, key));
        return new VllmPool(name, settings.Model, key, [.. replicas]);
    }

    /// <summary>Tells a gateway which model the pool serves, its key, and where each replica is: one service name, several addresses.</summary>
    public static IResourceBuilder<T> WithModels<T>(this IResourceBuilder<T> builder, VllmPool pool)
        where T : IResourceWithEnvironment
    {
        builder
            .WithEnvironment("Gateway__Models__0__Name", pool.Model)
            .WithEnvironment("Gateway__Models__0__Service", pool.Name)
            .WithEnvironment("Gateway__Models__0__Aliases__0", "default")
            .WithEnvironment("Gateway__Models__0__ApiKey", pool.Key);
        for (var number = 0; number < pool.Endpoints.Count; number++)
        {
            builder.WithEnvironment($"services__{pool.Name}__http__{number.ToString(CultureInfo.InvariantCulture)}", pool.Endpoints[number]);
            builder.WithAnnotation(new ResourceRelationshipAnnotation(pool.Endpoints[number].Resource, "Reference"));
        }

        if (pool.Endpoints.Count == 0 && !builder.ApplicationBuilder.Configuration.GetSection($"services:{pool.Name}").Exists())
        {
            // Nobody serves the pool, and that is no news every two seconds: discovery would ask DNS for its name and log the failure.
            builder
                .WithEnvironment("Replicas__DiscoveryInterval", "00:05:00")
                .WithEnvironment("Logging__LogLevel__AiInfra.Gateway.Replicas.ReplicaDiscovery", "Error");
        }

        return builder;
    }
}
