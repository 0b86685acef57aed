namespace AiInfra.AppHost.Topology;

/// <summary>
/// The platform as published targets see it: services with their limits and networks, and every connection between them. Networks,
/// policies, limits and diagrams all come from here.
/// </summary>
internal sealed class Architecture
{
    /// <summary>Whoever calls the platform: applications, through the host's port or an ingress.</summary>
    public const string Outside = "outside";

    /// <summary>Public hosts: where models are downloaded from.</summary>
    public const string Internet = "internet";

    public const string Gateway = "gateway";
    public const string Memory = "memory";
    public const string Redis = "redis";
    public const string Chroma = "chroma";
    public const string Prometheus = "prometheus";
    public const string Alertmanager = "alertmanager";
    public const string Grafana = "grafana";
    public const string RedisExporter = "redis-exporter";
    public const string NodeExporter = "node-exporter";

    public const int ModelPort = 8000;

    /// <summary>Where Grafana finds its dashboards.</summary>
    public const string DashboardFolder = "/etc/grafana/dashboards";

    // Users of the images: .NET's own, Redis', nobody, Grafana's; the others run as whoever they are told to.
    private const int DotnetUser = 1654;
    private const int Nobody = 65534;

    /// <param name="models">The model servers.</param>
    /// <param name="isOneHost">True where everything runs on one machine, which is watched too; a cluster watches its own nodes.</param>
    public Architecture(IReadOnlyList<ModelServer> models, bool isOneHost = false)
    {
        Services = [.. Own(), .. Stores(), .. models.Select(Model), .. Monitoring(), .. isOneHost ? [Host()] : Array.Empty<ServiceShape>()];
        Arrows = [.. Edges(models), .. isOneHost ? [new(Prometheus, NodeExporter, 9100, "metrics")] : Array.Empty<Arrow>()];
    }

    public IReadOnlyList<ServiceShape> Services { get; }

    public IReadOnlyList<Arrow> Arrows { get; }

    /// <exception cref="InvalidOperationException">A resource of the model has no shape here: it would be published without limits.</exception>
    public ServiceShape this[string name] => Services.FirstOrDefault(service => service.Name == name)
        ?? throw new InvalidOperationException($"'{name}' has no entry in Topology/Architecture.cs: its limits, user, networks and health are not known.");

    /// <summary>The networks of a service: its own, and those further in that it calls.</summary>
    public IReadOnlyList<Zone> NetworksOf(string name) =>
    [
        .. Arrows.Where(arrow => arrow.From == name && arrow.To != Internet).Select(arrow => this[arrow.To].Zone)
            .Where(zone => zone > this[name].Zone).Append(this[name].Zone).Distinct().Order(),
    ];

    private static IEnumerable<ServiceShape> Own() =>
    [
        new(Gateway, Zone.Edge, DotnetUser)
        {
            Cores = 2, Megabytes = 1024, IsOurs = true, StopSeconds = 120, Replicas = 2,
            Ports = new Dictionary<string, int> { ["http"] = 8080, ["internal"] = 8081, ["admin"] = 8082 },
            Health = new(8081, "/health", "/alive", ["CMD", "dotnet", "AiInfra.Gateway.dll", "probe", "http://127.0.0.1:8081/health"]),
            Volume = new("gateway-data", "/data", 1),
        },
        new(Memory, Zone.Services, DotnetUser)
        {
            Cores = 2, Megabytes = 2048, IsOurs = true,
            Ports = Http(8080),
            // Its index is rebuilt in the background: a start is short whatever it holds.
            Health = new(8080, "/health", "/alive", ["CMD", "dotnet", "AiInfra.MemoryService.dll", "probe", "http://127.0.0.1:8080/health"]),
            Volume = new("memory-data", "/data", 20),
        },
    ];

    private static IEnumerable<ServiceShape> Stores() =>
    [
        new(Redis, Zone.Data, 999)
        {
            Cores = 1, Megabytes = 1024,
            Ports = new Dictionary<string, int> { ["tcp"] = 6379 },
            Health = new(6379, "", "", ["CMD-SHELL", "[ \"$REDIS_PASSWORD\" ] || read -r REDIS_PASSWORD < /run/secrets/REDIS_PASSWORD; REDISCLI_AUTH=\"$REDIS_PASSWORD\" redis-cli ping | grep -q PONG"]),
            Volume = new("redis-data", "/data", 8),
        },
        new(Chroma, Zone.Data, 10001)
        {
            Cores = 2, Megabytes = 4096,
            Ports = Http(8000),
            // The image has no HTTP client; bash opens the connection itself.
            Health = new(8000, "/api/v2/heartbeat", "/api/v2/heartbeat",
                ["CMD", "bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/8000 && printf 'GET /api/v2/heartbeat HTTP/1.0\\r\\n\\r\\n' >&3 && grep -q heartbeat <&3"]),
            Volume = new($"chroma-{Images.Chroma.Tag.Replace('.', '-')}-data", "/data", 20),
        },
    ];

    private static ServiceShape Model(ModelServer server) => new(server.Name, Zone.Services, 2000)
    {
        // Beside a GPU the host's memory holds the weights while they load; without one it holds weights and cache for good.
        Cores = 8,
        Megabytes = server.Gpus > 0 ? 32_768 * server.Gpus : 32_768,
        Ports = Http(ModelPort),
        Health = new(ModelPort, "/health", "/health",
            ["CMD", "python3", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/health', timeout=4)"],
            // A first start downloads the weights.
            StartSeconds: 3600),
        Volume = new("vllm-model-cache", "/models", 200, IsShared: true),
        // --shutdown-timeout, and the time to leave.
        StopSeconds = 90,
        Replicas = server.Replicas,
        Gpus = server.Gpus,
        GpuKind = server.GpuKind,
        Pool = server.Pool,
    };

    private static IEnumerable<ServiceShape> Monitoring() =>
    [
        new(Prometheus, Zone.Services, Nobody)
        {
            Cores = 1, Megabytes = 2048,
            Ports = Http(9090),
            Health = Wget(9090, "/-/ready", "/-/healthy"),
            Volume = new("prometheus-data", "/prometheus", 10),
            Configuration = [new("prometheus", "/etc/prometheus")],
        },
        new(Alertmanager, Zone.Services, Nobody)
        {
            Cores = 0.25, Megabytes = 128,
            Ports = Http(9093),
            Health = Wget(9093, "/-/ready", "/-/healthy"),
            Volume = new("alertmanager-data", "/alertmanager", 1),
            Configuration = [new("alertmanager", "/etc/alertmanager")],
        },
        new(Grafana, Zone.Services, 472)
        {
            Cores = 0.5, Megabytes = 512,
            Ports = Http(3000),
            Health = Wget(3000, "/api/health", "/api/health"),
            Volume = new("grafana-data", "/var/lib/grafana", 1),
            Configuration = [new("grafana/provisioning", "/etc/grafana/provisioning"), new("grafana/dashboards", DashboardFolder)],
        },
        new(RedisExporter, Zone.Services, 59000)
        {
            Cores = 0.1, Megabytes = 64,
            Ports = Http(9121),
            Health = Wget(9121, "/", "/"),
        },
    ];

    private static ServiceShape Host() => new(NodeExporter, Zone.Services, Nobody)
    {
        Cores = 0.1,
        Megabytes = 64,
        SeesHost = true,
        Ports = Http(9100),
        Health = Wget(9100, "/", "/"),
    };

    private static IEnumerable<Arrow> Edges(IReadOnlyList<ModelServer> models)
    {
        yield return new(Outside, Gateway, 8080, "requests");
        yield return new(Gateway, Memory, 8080, "memories");
        yield return new(Gateway, Redis, 6379, "keys, policies, budgets");
        yield return new(Memory, Gateway, 8081, "keys of service tokens");
        yield return new(Memory, Chroma, 8000, "vectors");
        foreach (var model in models)
        {
            yield return new(Gateway, model.Name, ModelPort, "prompts and answers");
            yield return new(Prometheus, model.Name, ModelPort, "metrics");
            yield return new(model.Name, Internet, 443, "weights");
        }

        yield return new(Prometheus, Gateway, 8081, "metrics");
        yield return new(Prometheus, Memory, 8080, "metrics");
        yield return new(Prometheus, RedisExporter, 9121, "metrics");
        yield return new(Prometheus, Alertmanager, 9093, "alerts and metrics");
        yield return new(RedisExporter, Redis, 6379, "figures");
        yield return new(Grafana, Prometheus, 9090, "queries");
    }

    private static Dictionary<string, int> Http(int port) => new() { ["http"] = port };

    private static HealthProbe Wget(int port, string ready, string alive) =>
        new(port, ready, alive, ["CMD", "wget", "-q", "-O", "/dev/null", $"http://127.0.0.1:{port}{ready}"]);
}
