using AiInfra.AppHost.Publishing;

namespace AiInfra.AppHost.Redis;

/// <summary>The container form. The settings equal the process form's: a record that was acknowledged survives a power cut.</summary>
internal static class RedisContainer
{
    public static IResourceBuilder<IResourceWithConnectionString> Add(
        IDistributedApplicationBuilder builder, string name, int? port, IResourceBuilder<ParameterResource> password) =>
        builder.AddRedis(name, port, password)
            .WithImageTag(Images.RedisTag)
            .WithDataVolume($"{name}-data")
            .WithArgs("--appendonly", "yes", "--appendfsync", "always", "--maxmemory-policy", "noeviction")
            // Between services of one segment; with it a trusted development certificate would turn every client to TLS.
            .WithoutHttpsCertificate();
}
