using System.Globalization;
using AiInfra.AppHost.Prerequisites;
using AiInfra.AppHost.Redis;

namespace AiInfra.AppHost.Monitoring;

/// <summary>The executable forms: programs that are on PATH, with files written below the state folder before they start.</summary>
internal static class MonitoringProcess
{
    // Debian's names first, then those of the projects' own archives.
    private static readonly string[] AlertmanagerCommands = ["prometheus-alertmanager", "alertmanager"];
    private static readonly string[] NodeExporterCommands = ["prometheus-node-exporter", "node_exporter"];
    private static readonly string[] RedisExporterCommands = ["prometheus-redis-exporter", "redis_exporter"];
    private static readonly string[] GrafanaCommands = ["grafana-server", "grafana"];

    public static EndpointReference? AddAlertmanager(IDistributedApplicationBuilder builder, string name, MonitoringSettings settings)
    {
        if (Find(name, AlertmanagerCommands, "alerts are evaluated, but nobody is told") is not { } command)
        {
            return null;
        }

        var files = builder.State().Folder("monitoring");
        var http = Server(builder, name, command, "/-/ready", out var server);
        server
            .WithArgs(
                $"--config.file={Path.Combine(files, MonitoringFiles.AlertmanagerConfig)}",
                $"--storage.path={builder.State().Folder("data", "alertmanager")}",
                Listen(http),
                // One instance: nobody to gossip with.
                "--cluster.listen-address=")
            .OnBeforeResourceStarted((_, _, cancellationToken) => WriteAsync(files, MonitoringFiles.Alertmanager(settings), cancellationToken));
        return http;
    }

    public static EndpointReference? AddNodeExporter(IDistributedApplicationBuilder builder, string name)
    {
        if (Find(name, NodeExporterCommands, "the host's CPU, memory and disks are not watched") is not { } command)
        {
            return null;
        }

        var http = Server(builder, name, command, "/", out var server);
        string[] collectors = ["cpu", "meminfo", "filesystem", "diskstats", "netdev", "uname"];
        server.WithArgs([Listen(http), "--collector.disable-defaults", .. collectors.Select(collector => $"--collector.{collector}")]);
        return http;
    }

    public static EndpointReference? AddRedisExporter(IDistributedApplicationBuilder builder, string name, RedisProcessResource redis)
    {
        if (Find(name, RedisExporterCommands, "redis is not watched") is not { } command)
        {
            return null;
        }

        var http = Server(builder, name, command, "/", out var server);
        server
            .WithArgs(Listen(http))
            .WithEnvironment("REDIS_ADDR", ReferenceExpression.Create($"redis://{redis.Endpoint.Property(EndpointProperty.HostAndPort)}"))
            .WithEnvironment("REDIS_PASSWORD", ReferenceExpression.Create($"{redis.Password}"));
        return http;
    }

    /// <summary>NVIDIA's exporter where it is installed. Most machines have no such GPU: nothing is said where it is not.</summary>
    public static EndpointReference? AddGpuExporter(IDistributedApplicationBuilder builder, string name)
    {
        if (CommandLookup.Find("dcgm-exporter") is not { } command)
        {
            return null;
        }

        var http = Server(builder, name, command, "/health", out var server);
        server.WithArgs("--address", ReferenceExpression.Create($"127.0.0.1:{http.Property(EndpointProperty.TargetPort)}"));
        return http;
    }

    public static EndpointReference? AddPrometheus(
        IDistributedApplicationBuilder builder, string name, EndpointReference? alertmanager, IReadOnlyList<ScrapeSource> sources, MonitoringSettings settings)
    {
        if (Find(name, ["prometheus"], "nothing is monitored") is not { } command)
        {
            return null;
        }

        var files = builder.State().Folder("monitoring");
        var http = Server(builder, name, command, "/-/ready", out var server);
        List<ScrapeSource> all = [.. sources, new(JobNames.Prometheus, http)];
        if (alertmanager is not null)
        {
            all.Add(new(JobNames.Alertmanager, alertmanager));
        }

        server
            .WithArgs(
                $"--config.file={Path.Combine(files, MonitoringFiles.PrometheusConfig)}",
                $"--storage.tsdb.path={builder.State().Folder("data", "prometheus")}",
                $"--storage.tsdb.retention.time={YamlText.Duration(settings.Retention)}",
                string.Create(CultureInfo.InvariantCulture, $"--storage.tsdb.retention.size={settings.RetentionMegabytes}MB"),
                // Points of single requests beside the figures: a peak in a dashboard leads to a trace.
                "--enable-feature=exemplar-storage",
                Listen(http))
            // Addresses are known by now.
            .OnBeforeResourceStarted((_, _, cancellationToken) => WriteAsync(
                files,
                MonitoringFiles.Prometheus(new MonitoringTargets(ScrapeSource.Jobs(all, Address), alertmanager is null ? null : Address(alertmanager)), settings),
                cancellationToken));
        return http;
    }

    public static EndpointReference? AddGrafana(
        IDistributedApplicationBuilder builder, string name, EndpointReference prometheus, IResourceBuilder<ParameterResource> password, MonitoringSettings settings)
    {
        if (Find(name, GrafanaCommands, "there are no dashboards") is not { } command)
        {
            return null;
        }

        var files = builder.State().Folder("monitoring");
        var http = Server(builder, name, command, "/api/health", out var server);
        // A package installs its pages here; an archive keeps them beside the program, where Grafana looks by itself.
        const string PackageHome = "/usr/share/grafana";
        string[] start = Path.GetFileNameWithoutExtension(command) == "grafana" ? ["server"] : [];
        server
            .WithArgs([.. start, .. Directory.Exists(PackageHome) ? new[] { "--homepath", PackageHome } : []])
            .WithEnvironment("GF_SERVER_HTTP_ADDR", "127.0.0.1")
            .WithEnvironment("GF_SERVER_HTTP_PORT", ReferenceExpression.Create($"{http.Property(EndpointProperty.TargetPort)}"))
            .WithEnvironment("GF_PATHS_DATA", builder.State().Folder("data", "grafana"))
            .WithEnvironment("GF_PATHS_PROVISIONING", Path.Combine(files, MonitoringFiles.Provisioning))
            .WithEnvironment("GF_SECURITY_ADMIN_PASSWORD", password)
            .WithEnvironment("GF_ANALYTICS_REPORTING_ENABLED", "false")
            .WithEnvironment("GF_ANALYTICS_CHECK_FOR_UPDATES", "false")
            .OnBeforeResourceStarted((_, _, cancellationToken) =>
                WriteAsync(files, MonitoringFiles.Grafana(prometheus.Url, Path.Combine(files, MonitoringFiles.Dashboards), settings), cancellationToken));
        return http;
    }

    private static EndpointReference Server(
        IDistributedApplicationBuilder builder, string name, string command, string health, out IResourceBuilder<ExecutableResource> server)
    {
        server = builder.AddResource(new ExecutableResource(name, command, builder.State().Folder("monitoring")))
            .WithHttpEndpoint()
            .WithHttpHealthCheck(health);
        return server.GetEndpoint("http");
    }

    private static string Address(EndpointReference endpoint) => string.Create(CultureInfo.InvariantCulture, $"{endpoint.Host}:{endpoint.Port}");

    private static ReferenceExpression Listen(EndpointReference http) =>
        ReferenceExpression.Create($"--web.listen-address=127.0.0.1:{http.Property(EndpointProperty.TargetPort)}");

    private static string? Find(string name, string[] commands, string consequence)
    {
        var command = commands.Select(CommandLookup.Find).FirstOrDefault(found => found is not null);
        if (command is null)
        {
            Console.WriteLine($"'{name}' is left out, {consequence}: '{string.Join("' or '", commands)}' is not on PATH.");
        }

        return command;
    }

    private static async Task WriteAsync(string folder, IReadOnlyDictionary<string, string> files, CancellationToken cancellationToken)
    {
        foreach (var (path, text) in files)
        {
            var file = Path.Combine(folder, path);
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            await File.WriteAllTextAsync(file, text, cancellationToken);
        }
    }
}
