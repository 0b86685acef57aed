using AiInfra.AppHost.State;

namespace Aspire.Hosting;

/// <summary>The store of keys, policies and budgets.</summary>
internal static class RedisExtensions
{
    /// <summary>
    /// Adds redis: append-only, synced at every write, never evicting, with a password that is generated once. A process where no
    /// container runs: <c>redis-server</c> from PATH, else Garnet inside this binary.
    /// </summary>
    /// <param name="builder">The application.</param>
    /// <param name="name">Name of the resource and of the connection string.</param>
    /// <param name="port">Public port, or null for any free one.</param>
    public static IResourceBuilder<IResourceWithConnectionString> AddRedisStore(
        this IDistributedApplicationBuilder builder, [ResourceName] string name, int? port = null) =>
        Forms.AddRedis(builder, name, port, builder.AddGeneratedSecret($"{name}-password", GeneratedSecrets.Password));
}
