namespace AiInfra.AppHost.Topology;

/// <summary>What every published target has to know of a service beyond the application model.</summary>
/// <param name="Name">Name of the resource.</param>
/// <param name="Zone">The network it lives in.</param>
/// <param name="User">User and group it runs as, never 0.</param>
internal sealed record ServiceShape(string Name, Zone Zone, int User)
{
    /// <summary>Cores it may use at most; half of them are reserved.</summary>
    public required double Cores { get; init; }

    /// <summary>Memory it may use at most, in MiB; half of it is reserved. More ends it.</summary>
    public required int Megabytes { get; init; }

    /// <summary>TCP ports by the names of the model's endpoints.</summary>
    public required IReadOnlyDictionary<string, int> Ports { get; init; }

    public required HealthProbe Health { get; init; }

    /// <summary>Its one volume, or null when it keeps nothing.</summary>
    public DataVolume? Volume { get; init; }

    /// <summary>Configuration that the platform writes for it.</summary>
    public IReadOnlyList<ConfigurationFolder> Configuration { get; init; } = [];

    /// <summary>True for what looks at the machine's disks: it sees its files as anybody may, read-only, at <c>/host</c>.</summary>
    public bool SeesHost { get; init; }

    /// <summary>Folders in memory that it may write to; everything else of its image is read-only.</summary>
    public IReadOnlyList<string> Scratch { get; init; } = ["/tmp"];

    /// <summary>Seconds from the request to stop until it is killed: its own limit, and some.</summary>
    public int StopSeconds { get; init; } = 30;

    /// <summary>Instances that may run side by side, and the number to begin with. 1 also means: never two at once.</summary>
    public int Replicas { get; init; } = 1;

    /// <summary>GPUs of one instance.</summary>
    public int Gpus { get; init; }

    /// <summary>Name of the kind of GPU as the GPU operator labels nodes, or empty for any.</summary>
    public string GpuKind { get; init; } = "";

    /// <summary>True for services that this repository builds.</summary>
    public bool IsOurs { get; init; }

    /// <summary>The pool of a model server, else null.</summary>
    public string? Pool { get; init; }
}

/// <summary>A volume that outlives its container.</summary>
/// <param name="Name">Name of the volume.</param>
/// <param name="Path">Where the service sees it.</param>
/// <param name="Gigabytes">Size asked for where sizes are asked for.</param>
/// <param name="IsShared">True when several instances mount it at once.</param>
internal sealed record DataVolume(string Name, string Path, int Gigabytes, bool IsShared = false);

/// <summary>A folder of files that a service reads.</summary>
/// <param name="Source">The folder below the platform's own, such as <c>grafana/dashboards</c>.</param>
/// <param name="Path">Where the service sees it.</param>
internal sealed record ConfigurationFolder(string Source, string Path);

/// <summary>How a service is asked whether it is well.</summary>
/// <param name="Port">TCP port of the pages.</param>
/// <param name="Ready">Page that is 200 when it may get requests, or empty for <paramref name="Command"/>.</param>
/// <param name="Alive">Page that is 200 unless a restart is what helps.</param>
/// <param name="Command">The same question for runtimes that ask inside the container, with a program that the image has.</param>
/// <param name="StartSeconds">How long a start may take.</param>
internal sealed record HealthProbe(int Port, string Ready, string Alive, IReadOnlyList<string> Command, int StartSeconds = 60);
