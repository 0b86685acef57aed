using System.Globalization;
using AiInfra.AppHost.Publishing;
using AiInfra.AppHost.Topology;

namespace AiInfra.AppHost.Monitoring;

/// <summary>The published forms. Their files come with the target: mounted folders in Compose, ConfigMaps in Kubernetes.</summary>
internal static class MonitoringContainer
{
    public static EndpointReference AddAlertmanager(IDistributedApplicationBuilder builder, string name) =>
        Server(builder, name, Images.Alertmanager, 9093)
            .WithArgs("--config.file=/etc/alertmanager/alertmanager.yml", "--storage.path=/alertmanager", "--cluster.listen-address=")
            .GetEndpoint("http");

    public static EndpointReference AddRedisExporter(IDistributedApplicationBuilder builder, string name, IResourceBuilder<IResourceWithConnectionString> redis)
    {
        var store = (RedisResource)redis.Resource;
        return Server(builder, name, Images.RedisExporter, 9121)
            .WithEntrypoint("/bin/sh")
            // As everywhere: a password is a variable or a file, and no argument.
            .WithArgs("-c", """[ "$REDIS_PASSWORD" ] || read -r REDIS_PASSWORD < /run/secrets/REDIS_PASSWORD; export REDIS_PASSWORD; exec /redis_exporter""")
            .WithEnvironment("REDIS_ADDR", ReferenceExpression.Create($"redis://{store.PrimaryEndpoint.Property(EndpointProperty.HostAndPort)}"))
            .WithEnvironment("REDIS_PASSWORD", store.PasswordParameter!)
            .WithAnnotation(new ResourceRelationshipAnnotation(store, "Reference"))
            .GetEndpoint("http");
    }

    public static EndpointReference AddPrometheus(
        IDistributedApplicationBuilder builder, string name, IEnumerable<ScrapeSource> sources, MonitoringSettings settings)
    {
        var server = Server(builder, name, Images.Prometheus, 9090)
            .WithArgs(
                "--config.file=/etc/prometheus/prometheus.yml",
                "--storage.tsdb.path=/prometheus",
                $"--storage.tsdb.retention.time={YamlText.Duration(settings.Retention)}",
                string.Create(CultureInfo.InvariantCulture, $"--storage.tsdb.retention.size={settings.RetentionMegabytes}MB"));
        foreach (var source in sources)
        {
            server.WithAnnotation(new ResourceRelationshipAnnotation(source.Endpoint.Resource, "Reference"));
        }

        return server.GetEndpoint("http");
    }

    public static EndpointReference AddGrafana(
        IDistributedApplicationBuilder builder, string name, EndpointReference prometheus, IResourceBuilder<ParameterResource> password) =>
        Server(builder, name, Images.Grafana, 3000)
            .WithEnvironment("GF_SECURITY_ADMIN_PASSWORD", password)
            .WithEnvironment("GF_ANALYTICS_REPORTING_ENABLED", "false")
            .WithEnvironment("GF_ANALYTICS_CHECK_FOR_UPDATES", "false")
            .WithEnvironment("GF_ANALYTICS_CHECK_FOR_PLUGIN_UPDATES", "false")
            .WithAnnotation(new ResourceRelationshipAnnotation(prometheus.Resource, "Reference"))
            .GetEndpoint("http");

    private static IResourceBuilder<ContainerResource> Server(IDistributedApplicationBuilder builder, string name, Image image, int port) =>
        builder.AddContainer(name, $"{image.Registry}/{image.Name}", image.Tag)
            .WithPin(image)
            .WithHttpEndpoint(targetPort: port, name: "http");
}
