using AiInfra.AppHost.Publishing;

namespace AiInfra.AppHost.Redis;

/// <summary>The container form. The settings equal the process form's: a record that was acknowledged survives a power cut.</summary>
internal static class RedisContainer
{
    private const string Command = "redis-server --requirepass $REDIS_PASSWORD --appendonly yes --appendfsync always --save '' --maxmemory-policy noeviction";

    public static IResourceBuilder<IResourceWithConnectionString> Add(
        IDistributedApplicationBuilder builder, string name, int? port, IResourceBuilder<ParameterResource> password) =>
        builder.AddRedis(name, port, password)
            .WithImageTag(Images.RedisTag)
            .WithDataVolume($"{name}-data")
            // Aspire starts redis as `/bin/sh -c "redis-server …"`: further arguments would be the shell's and change nothing.
            .WithArgs(context =>
            {
                context.Args.Clear();
                context.Args.Add("-c");
                context.Args.Add(Command);
            })
            // Between services of one segment; with it a trusted development certificate would turn every client to TLS.
            .WithoutHttpsCertificate();
}
