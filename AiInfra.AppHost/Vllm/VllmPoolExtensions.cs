using System.Globalization;
using AiInfra.AppHost.State;
using AiInfra.AppHost.Vllm;
using Microsoft.Extensions.Configuration;

namespace Aspire.Hosting;

/// <summary>Pools of model servers.</summary>
internal static class VllmPoolExtensions
{
    /// <summary>
    /// Adds every configured pool, <paramref name="name"/> when none is. In run mode its servers are LocalVllm, which needs no GPU and no
    /// download; published they are vLLM. Where a pool names a server that runs, it is that server and nothing is started.
    /// </summary>
    public static IReadOnlyList<VllmPool> AddVllmPools(this IDistributedApplicationBuilder builder, [ResourceName] string name)
    {
        var pools = VllmPoolSettings.From(builder.Configuration, name);
        if (builder.ExecutionContext.IsRunMode && pools.All(pool => pool.Endpoint is null))
        {
            ModelServerOffer.Add(builder);
        }

        return [.. pools.Select(settings => settings.Endpoint is { } endpoint ? External(builder, settings, endpoint) : Own(builder, settings))];
    }

    /// <summary>Tells a gateway which models the pools serve, their keys, and where each server is: one service name, several addresses.</summary>
    public static IResourceBuilder<T> WithModels<T>(this IResourceBuilder<T> builder, IReadOnlyList<VllmPool> pools)
        where T : IResourceWithEnvironment
    {
        for (var index = 0; index < pools.Count; index++)
        {
            var pool = pools[index];
            var model = $"Gateway__Models__{index.ToString(CultureInfo.InvariantCulture)}";
            builder
                .WithEnvironment($"{model}__Name", pool.Model)
                .WithEnvironment($"{model}__Service", pool.Name);
            if (index == 0)
            {
                builder.WithEnvironment($"{model}__Aliases__0", "default");
            }

            if (pool.Key is not null)
            {
                builder.WithEnvironment($"{model}__ApiKey", pool.Key);
            }

            builder.WithServers(pool);
        }

        return builder;
    }

    private static void WithServers<T>(this IResourceBuilder<T> builder, VllmPool pool)
        where T : IResourceWithEnvironment
    {
        // The name of the endpoint is http whatever the address is: discovery asks for that one.
        if (pool.External is { } external)
        {
            builder.WithEnvironment($"services__{pool.Name}__http__0", external.GetLeftPart(UriPartial.Authority));
        }

        if (pool.Address is { } address)
        {
            builder.WithEnvironment($"services__{pool.Name}__http__0", address);
        }

        for (var number = 0; number < pool.Endpoints.Count; number++)
        {
            builder.WithEnvironment($"services__{pool.Name}__http__{number.ToString(CultureInfo.InvariantCulture)}", pool.Endpoints[number]);
            builder.WithAnnotation(new ResourceRelationshipAnnotation(pool.Endpoints[number].Resource, "Reference"));
        }

        if (pool is { External: null, Address: null, Endpoints.Count: 0 } && !builder.ApplicationBuilder.Configuration.GetSection($"services:{pool.Name}").Exists())
        {
            // Nobody serves the pool, and that is no news every two seconds: discovery would ask DNS for its name and log the failure.
            builder
                .WithEnvironment("Replicas__DiscoveryInterval", "00:05:00")
                .WithEnvironment("Logging__LogLevel__AiInfra.Gateway.Replicas.ReplicaDiscovery", "Error");
        }
    }

    private static VllmPool Own(IDistributedApplicationBuilder builder, VllmPoolSettings settings)
    {
        var key = builder.AddGeneratedSecret($"{settings.Name}-key", GeneratedSecrets.ApiKey);
        return Forms.AddVllmAddress(builder, settings) is { } address
            ? new VllmPool(settings.Name, settings.Model, key, []) { Address = address }
            : new VllmPool(settings.Name, settings.Model, key, Forms.AddVllmServers(builder, settings, key));
    }

    private static VllmPool External(IDistributedApplicationBuilder builder, VllmPoolSettings settings, Uri endpoint)
    {
        var configuration = builder.Configuration;
        // One pool's key is model-key; each of several has one of its own.
        var name = settings.IsConfigured ? $"{settings.Name}-key" : "model-key";
        var keyValue = configuration[$"Parameters:{name}"] ?? configuration[$"Parameters:{name.Replace('-', '_')}"];
        var model = settings.Model;
        if (!settings.IsConfigured && string.IsNullOrEmpty(configuration["Parameters:model"]))
        {
            // Everybody else who asks for the model's name reads it there.
            configuration["Parameters:model"] = model = ModelServers.ReadModels(endpoint, keyValue) is [var first, ..] ? first : throw new DistributedApplicationException(
                $"AppHost:ModelEndpoint: {endpoint} does not say which models it serves. Start it first, or name the model: Parameters:model.");
        }

        var key = string.IsNullOrEmpty(keyValue) ? null : builder.AddParameter(name, secret: true);
        return new VllmPool(settings.Name, model, key, []) { External = endpoint };
    }
}
