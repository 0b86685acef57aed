using System.Globalization;
using AiInfra.AppHost.Topology;
using Aspire.Hosting.Docker.Resources.ComposeNodes;
using Aspire.Hosting.Docker.Resources.ServiceNodes;
using Aspire.Hosting.Docker.Resources.ServiceNodes.Swarm;

namespace AiInfra.AppHost.Publishing;

/// <summary>Turns one service of a Compose file into one that is limited, watched and shut in.</summary>
internal static class ComposeService
{
    private const string Owners = "volume-owners";

    // Root without capabilities cannot write into what it has given away: once is enough.
    private const string Own = """
        set -e; own() { [ "$$(stat -c %u /volumes/$$2)" = "$$1" ] || { touch "/volumes/$$2/.volume"; chown "$$1:$$1" "/volumes/$$2"; }; }
        """;

    public static void Complete(Service service, ServiceShape shape, Architecture architecture)
    {
        if (shape.IsOurs)
        {
            service.Image = $"${{{shape.Name.ToUpperInvariant()}_IMAGE:-aiinfra/{shape.Name}:{Images.OwnVersion}}}";
        }

        // Aspire doubles the dollar of $NAME for Compose, but not of the shell's list of arguments.
        service.Command = [.. service.Command.Select(part => part.Replace("\"$@\"", "\"$$@\"", StringComparison.Ordinal))];
        service.Restart = "unless-stopped";
        service.User = Text($"{shape.User}:{shape.User}");
        service.ReadOnly = true;
        service.CapDrop = ["ALL"];
        service.SecurityOpt = ["no-new-privileges:true"];
        // Triton compiles kernels there and loads them: a model server's scratch folder has to be executable.
        service.Tmpfs = [.. shape.Scratch.Select(folder => Text($"{folder}:size=256m,mode=1777{(shape.Pool is null ? "" : ",exec")}"))];
        service.StopGracePeriod = Text($"{shape.StopSeconds}s");
        service.Deploy = new()
        {
            Replicas = 1,
            Resources = new()
            {
                Limits = new() { Cpus = Text($"{shape.Cores}"), Memory = Text($"{shape.Megabytes}M") },
                Reservations = new() { Memory = Text($"{shape.Megabytes / 2}M") },
            },
        };
        service.Healthcheck = Check(shape);
        service.Networks = [.. architecture.NetworksOf(shape.Name).Select(ComposeTarget.NetworkName)];
        service.Logging = new() { Driver = "json-file", Options = new() { ["max-size"] = "20m", ["max-file"] = "3" } };
        service.Volumes = [.. Mounts(shape)];
        service.Init = shape.Pool is null ? null : true;
        service.ShmSize = shape.Gpus > 1 ? "8g" : null;
        SetPorts(service, shape);
        Wait(service, shape);
    }

    /// <summary>
    /// Docker gives a new volume to root, and no service runs as root: this container, the only one that does, hands each volume to its
    /// user and ends. It sees nothing but the volumes, and has no network. An empty volume would take the owner of the image's folder at
    /// its first mount; that is what the file is for.
    /// </summary>
    public static Service VolumeOwners(Architecture architecture)
    {
        var volumes = architecture.Services.Where(service => service.Volume is not null).DistinctBy(service => service.Volume!.Name).ToList();
        return new()
        {
            Name = Owners,
            Image = Images.Redis.ToString(),
            User = "0:0",
            Entrypoint = ["/bin/sh", "-c"],
            Command = [Own + string.Concat(volumes.Select(service => Text($"; own {service.User} {service.Volume!.Name}")))],
            Volumes = [.. volumes.Select(service => Named(service.Volume!.Name, $"/volumes/{service.Volume.Name}"))],
            NetworkMode = "none",
            Restart = "no",
            ReadOnly = true,
            CapDrop = ["ALL"],
            CapAdd = ["CHOWN"],
            SecurityOpt = ["no-new-privileges:true"],
            Deploy = new() { Replicas = 1, Resources = new() { Limits = new() { Cpus = "0.5", Memory = "64M" } } },
        };
    }

    private static Healthcheck Check(ServiceShape shape) => new()
    {
        // Compose fills in variables itself, unless the sign is doubled.
        Test = [.. shape.Health.Command.Select(part => part.Replace("$", "$$", StringComparison.Ordinal))],
        Interval = "15s",
        Timeout = "10s",
        Retries = 3,
        StartPeriod = Text($"{shape.Health.StartSeconds}s"),
    };

    private static IEnumerable<Volume> Mounts(ServiceShape shape)
    {
        if (shape.Volume is { } volume)
        {
            yield return Named(volume.Name, volume.Path);
        }

        if (shape.SeesHost)
        {
            yield return new() { Name = "host", Type = "bind", Source = "/", Target = "/host", ReadOnly = true };
        }

        foreach (var folder in shape.Configuration)
        {
            yield return new() { Name = folder.Source, Type = "bind", Source = $"./monitoring/{folder.Source}", Target = folder.Path, ReadOnly = true };
        }
    }

    private static Volume Named(string name, string path) => new() { Name = name, Type = "volume", Source = name, Target = path };

    private static void SetPorts(Service service, ServiceShape shape)
    {
        service.Ports = shape.Name switch
        {
            // Operators' doors are open on the host itself only.
            Architecture.Gateway => ["${AIINFRA_ADDRESS:-0.0.0.0}:${AIINFRA_PORT:-8080}:8080", "127.0.0.1:${AIINFRA_ADMIN_PORT:-8082}:8082"],
            Architecture.Grafana => ["127.0.0.1:${AIINFRA_GRAFANA_PORT:-3000}:3000"],
            _ => [],
        };
        service.Expose = [.. shape.Ports.Values.Select(port => Text($"{port}"))];
        if (shape.Name == Architecture.Gateway)
        {
            service.Environment["Listeners__Admin__Address"] = "*";
        }
    }

    private static void Wait(Service service, ServiceShape shape)
    {
        foreach (var dependency in service.DependsOn.Values)
        {
            dependency.Condition = "service_healthy";
        }

        if (shape.Volume is not null)
        {
            service.DependsOn[Owners] = new() { Condition = "service_completed_successfully" };
        }
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
