using System.Globalization;
using AiInfra.AppHost.Publishing;
using AiInfra.AppHost.Topology;

namespace AiInfra.AppHost.Monitoring;

/// <summary>The container forms, with the same generated files as the executable ones.</summary>
internal static class MonitoringContainer
{
    private const string Http = "http";

    public static EndpointReference AddAlertmanager(IDistributedApplicationBuilder builder, string name, MonitoringSettings settings)
    {
        var container = Server(builder, name, Images.Alertmanager, 9093, "/-/ready")
            .WithArgs("--config.file=/etc/alertmanager/alertmanager.yml", "--storage.path=/alertmanager", "--cluster.listen-address=")
            .WithVolume($"{name}-data", "/alertmanager");
        new FilesInContainer(_ => Below("/etc", MonitoringFiles.Alertmanager(settings))).AddTo(container);
        return container.GetEndpoint(Http);
    }

    public static EndpointReference AddPrometheus(
        IDistributedApplicationBuilder builder, string name, EndpointReference? alertmanager, IReadOnlyList<ScrapeSource> sources, MonitoringSettings settings)
    {
        var container = Server(builder, name, Images.Prometheus, 9090, "/-/ready")
            .WithArgs(
                "--config.file=/etc/prometheus/prometheus.yml",
                "--storage.tsdb.path=/prometheus",
                $"--storage.tsdb.retention.time={YamlText.Duration(settings.Retention)}",
                string.Create(CultureInfo.InvariantCulture, $"--storage.tsdb.retention.size={settings.RetentionMegabytes}MB"),
                "--enable-feature=exemplar-storage")
            .WithVolume($"{name}-data", "/prometheus");
        var http = container.GetEndpoint(Http);
        List<ScrapeSource> all = [.. sources, new(JobNames.Prometheus, http)];
        if (alertmanager is not null)
        {
            all.Add(new(JobNames.Alertmanager, alertmanager));
        }

        var isPublished = builder.ExecutionContext.IsPublishMode;
        new FilesInContainer(address => Below("/etc", MonitoringFiles.Prometheus(
            new MonitoringTargets(Jobs(all, address, isPublished), alertmanager is null ? null : address(alertmanager)), settings))).AddTo(container);
        return http;
    }

    public static EndpointReference AddGrafana(
        IDistributedApplicationBuilder builder, string name, EndpointReference prometheus, IResourceBuilder<ParameterResource> password, MonitoringSettings settings)
    {
        var container = Server(builder, name, Images.Grafana, 3000, "/api/health")
            .WithEnvironment("GF_SECURITY_ADMIN_PASSWORD", password)
            .WithEnvironment("GF_ANALYTICS_REPORTING_ENABLED", "false")
            .WithEnvironment("GF_ANALYTICS_CHECK_FOR_UPDATES", "false")
            .WithVolume($"{name}-data", "/var/lib/grafana");
        // Beside the volume, not in it: a file of the image's new version would never replace one that lies there.
        new FilesInContainer(address => Below("/etc", MonitoringFiles.Grafana($"http://{address(prometheus)}", "/etc/grafana/dashboards", settings))).AddTo(container);
        return container.GetEndpoint(Http);
    }

    /// <summary>Figures of the machine, whose root the target mounts as <c>/host</c>; those of networks would be the container's own.</summary>
    public static EndpointReference AddNodeExporter(IDistributedApplicationBuilder builder, string name) =>
        Server(builder, name, Images.NodeExporter, 9100, "/")
            .WithArgs("--collector.disable-defaults", "--collector.cpu", "--collector.meminfo", "--collector.filesystem", "--collector.diskstats",
                "--collector.uname", "--path.rootfs=/host")
            .GetEndpoint(Http);

    public static EndpointReference AddRedisExporter(IDistributedApplicationBuilder builder, string name, RedisResource redis)
    {
        var container = Server(builder, name, Images.RedisExporter, 9121, "/health")
            .WithEntrypoint("/bin/sh")
            // As everywhere: a password is a variable or a file, and no argument.
            .WithArgs("-c", """[ "$REDIS_PASSWORD" ] || read -r REDIS_PASSWORD < /run/secrets/REDIS_PASSWORD; export REDIS_PASSWORD; exec /redis_exporter""")
            .WithEnvironment("REDIS_ADDR", ReferenceExpression.Create($"redis://{redis.PrimaryEndpoint.Property(EndpointProperty.HostAndPort)}"));
        if (redis.PasswordParameter is { } password)
        {
            container.WithEnvironment("REDIS_PASSWORD", ReferenceExpression.Create($"{password}"));
        }

        return container.GetEndpoint(Http);
    }

    // A published service may have several instances: each is a target, found by the service's name.
    private static IReadOnlyList<ScrapeJob> Jobs(List<ScrapeSource> sources, Func<EndpointReference, string> address, bool isPublished) =>
    [
        .. ScrapeSource.Jobs(sources, address).Select(job => isPublished && job is { Name: JobNames.Gateway or JobNames.Memory, Targets: [var target] }
            ? job with { Targets = [], Dns = DnsTargets.Of(target.Address) }
            : job),
    ];

    private static IResourceBuilder<ContainerResource> Server(
        IDistributedApplicationBuilder builder, string name, Image image, int port, string health) =>
        builder.AddContainer(name, image.Name, image.Tag)
            .WithPin(image)
            .WithHttpEndpoint(targetPort: port, name: Http)
            .WithHttpHealthCheck(health);

    private static Dictionary<string, string> Below(string folder, IReadOnlyDictionary<string, string> files) =>
        files.ToDictionary(file => $"{folder}/{file.Key}", file => file.Value);
}
