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
    /// Where <c>AppHost:ModelEndpoint</c> names a server, the pool is that server and nothing is started.
    /// </summary>
    public static VllmPool AddVllmPool(this IDistributedApplicationBuilder builder, [ResourceName] string name)
    {
        var settings = VllmPoolSettings.From(builder.Configuration);
        if (settings.Endpoint is { } endpoint)
        {
            return External(builder, name, endpoint);
        }

        if (builder.ExecutionContext.IsRunMode)
        {
            ModelServerOffer.Add(builder);
        }

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
            .WithEnvironment("Gateway__Models__0__Aliases__0", "default");
        if (pool.Key is not null)
        {
            builder.WithEnvironment("Gateway__Models__0__ApiKey", pool.Key);
        }

        if (pool.External is { } external)
        {
            builder.WithEnvironment($"services__{pool.Name}__http__0", external.GetLeftPart(UriPartial.Authority));
        }

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

    private static VllmPool External(IDistributedApplicationBuilder builder, string name, Uri endpoint)
    {
        var configuration = builder.Configuration;
        var keyValue = configuration["Parameters:model-key"] ?? configuration["Parameters:model_key"];
        if (string.IsNullOrEmpty(configuration["Parameters:model"]))
        {
            // Everybody else who asks for the model's name reads it there.
            configuration["Parameters:model"] = ModelServers.ReadModels(endpoint, keyValue).FirstOrDefault() ?? throw new DistributedApplicationException(
                $"AppHost:ModelEndpoint: {endpoint} does not say which models it serves. Start it first, or name the model: Parameters:model.");
        }

        var key = string.IsNullOrEmpty(keyValue) ? null : builder.AddParameter("model-key", secret: true);
        return new VllmPool(name, VllmPoolSettings.From(configuration).Model, key, []) { External = endpoint };
    }
}
