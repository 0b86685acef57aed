using System.Globalization;
using AiInfra.AppHost.State;
using AiInfra.AppHost.Vllm;

namespace Aspire.Hosting;

/// <summary>Pools of model servers.</summary>
internal static class VllmPoolExtensions
{
    /// <summary>
    /// Adds every configured pool, <paramref name="name"/> when none is. In run mode its servers are LocalVllm, which needs no GPU and no
    /// download; published they are vLLM; a pool with an <c>Endpoint</c> runs elsewhere.
    /// </summary>
    public static IReadOnlyList<VllmPool> AddVllmPools(this IDistributedApplicationBuilder builder, [ResourceName] string name) =>
    [
        .. VllmPoolSettings.From(builder.Configuration, name).Select(settings =>
        {
            var key = builder.AddGeneratedSecret($"{settings.Name}-key", GeneratedSecrets.ApiKey);
            var address = settings.Endpoint is null ? Forms.AddVllmAddress(builder, settings) : null;
            var isOurs = settings.Endpoint is null && address is null;
            return new VllmPool(settings, key, isOurs ? Forms.AddVllmServers(builder, settings, key) : []) { Address = address };
        }),
    ];

    /// <summary>Tells a gateway which models the pools serve, their keys, and where each server is: one service name, several addresses.</summary>
    public static IResourceBuilder<T> WithModels<T>(this IResourceBuilder<T> builder, IReadOnlyList<VllmPool> pools)
        where T : IResourceWithEnvironment
    {
        for (var index = 0; index < pools.Count; index++)
        {
            var pool = pools[index];
            var model = $"Gateway__Models__{index.ToString(CultureInfo.InvariantCulture)}";
            builder
                .WithEnvironment($"{model}__Name", pool.Settings.Model)
                .WithEnvironment($"{model}__Service", pool.Name)
                .WithEnvironment($"{model}__ApiKey", pool.Key);
            if (index == 0)
            {
                builder.WithEnvironment($"{model}__Aliases__0", "default");
            }

            builder.WithServers(pool);
        }

        return builder;
    }

    private static void WithServers<T>(this IResourceBuilder<T> builder, VllmPool pool)
        where T : IResourceWithEnvironment
    {
        if (pool.Settings.Endpoint is { } elsewhere)
        {
            builder.WithEnvironment($"services__{pool.Name}__{elsewhere.Scheme}__0", elsewhere.GetLeftPart(UriPartial.Authority));
        }

        if (pool.Address is { } address)
        {
            builder.WithEnvironment($"services__{pool.Name}__https__0", address);
        }

        for (var number = 0; number < pool.Endpoints.Count; number++)
        {
            builder.WithEnvironment($"services__{pool.Name}__http__{number.ToString(CultureInfo.InvariantCulture)}", pool.Endpoints[number]);
            builder.WithAnnotation(new ResourceRelationshipAnnotation(pool.Endpoints[number].Resource, "Reference"));
        }
    }
}
