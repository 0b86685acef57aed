using AiInfra.AppHost.Publishing;
using AiInfra.AppHost.Topology;

namespace AiInfra.AppHost.Redis;

/// <summary>The container form. The settings equal the process form's: a record that was acknowledged survives a power cut.</summary>
internal static class RedisContainer
{
    // The password comes as a variable or as a file, and reaches the server in a file: every process can read arguments.
    // No $(…) here: Aspire doubles the dollar of a variable for Compose, and nothing else.
    private const string Command = """
        [ "$REDIS_PASSWORD" ] || read -r REDIS_PASSWORD < /run/secrets/REDIS_PASSWORD; umask 077; echo "requirepass $REDIS_PASSWORD" > /tmp/auth.conf; exec redis-server /tmp/auth.conf --dir /data --appendonly yes --appendfsync always --save '' --maxmemory-policy noeviction
        """;

    public static IResourceBuilder<IResourceWithConnectionString> Add(
        IDistributedApplicationBuilder builder, string name, int? port, IResourceBuilder<ParameterResource> password) =>
        builder.AddRedis(name, port, password)
            .WithPin(Images.Redis)
            .WithDataVolume($"{name}-data")
            // Aspire starts redis as `/bin/sh -c "redis-server …"`: further arguments would be the shell's and change nothing.
            .WithArgs(context =>
            {
                context.Args.Clear();
                context.Args.Add("-c");
                context.Args.Add(Command.Trim());
            })
            // Between services of one segment; with it a trusted development certificate would turn every client to TLS.
            .WithoutHttpsCertificate();
}
