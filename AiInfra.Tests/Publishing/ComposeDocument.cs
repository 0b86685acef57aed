using AiInfra.Tests.Fixtures;
using YamlDotNet.Serialization;
using YamlDotNet.Serialization.NamingConventions;

namespace AiInfra.Tests.Publishing;

/// <summary>The part of the Compose specification that our files use. What is not here does not parse: a misspelt key fails the tests.</summary>
internal sealed class ComposeDocument
{
    public required Dictionary<string, ComposeServiceText> Services { get; set; }

    public Dictionary<string, NetworkText> Networks { get; set; } = [];

    public Dictionary<string, VolumeText> Volumes { get; set; } = [];

    public Dictionary<string, SecretText> Secrets { get; set; } = [];

    public static string Folder => Path.Combine(RepositoryPaths.Root, "deploy", "compose");

    public static ComposeDocument Read(string file) => new DeserializerBuilder()
        .WithNamingConvention(UnderscoredNamingConvention.Instance)
        .WithEnforceRequiredMembers()
        .WithDuplicateKeyChecking()
        .Build()
        .Deserialize<ComposeDocument>(File.ReadAllText(Path.Combine(Folder, file)));
}

internal sealed class ComposeServiceText
{
    public string Image { get; set; } = "";

    public List<string> Command { get; set; } = [];

    public List<string> Entrypoint { get; set; } = [];

    public Dictionary<string, string> Environment { get; set; } = [];

    public List<string> Ports { get; set; } = [];

    public List<string> Expose { get; set; } = [];

    public List<MountText> Volumes { get; set; } = [];

    public Dictionary<string, DependencyText> DependsOn { get; set; } = [];

    public string User { get; set; } = "";

    public List<string> Networks { get; set; } = [];

    public string? NetworkMode { get; set; }

    public string Restart { get; set; } = "";

    public DeployText? Deploy { get; set; }

    public HealthText? Healthcheck { get; set; }

    public LoggingText? Logging { get; set; }

    public List<string> CapAdd { get; set; } = [];

    public List<string> CapDrop { get; set; } = [];

    public bool Init { get; set; }

    public bool ReadOnly { get; set; }

    public string? ShmSize { get; set; }

    public List<string> SecurityOpt { get; set; } = [];

    public List<SecretReferenceText> Secrets { get; set; } = [];

    public string? StopGracePeriod { get; set; }

    public List<string> Tmpfs { get; set; } = [];
}

internal sealed record DependencyText { public required string Condition { get; set; } }

internal sealed record MountText
{
    public required string Type { get; set; }

    public required string Source { get; set; }

    public required string Target { get; set; }

    public bool ReadOnly { get; set; }
}

internal sealed record SecretReferenceText
{
    public required string Source { get; set; }

    public required string Target { get; set; }
}

internal sealed record SecretText { public required string File { get; set; } }

internal sealed record VolumeText { public required string Driver { get; set; } }

internal sealed record NetworkText
{
    public required string Driver { get; set; }

    public bool Internal { get; set; }
}

internal sealed record LoggingText
{
    public required string Driver { get; set; }

    public required Dictionary<string, string> Options { get; set; }
}

internal sealed record HealthText
{
    public required List<string> Test { get; set; }

    public required string Interval { get; set; }

    public required string Timeout { get; set; }

    public required int Retries { get; set; }

    public required string StartPeriod { get; set; }
}

internal sealed record DeployText
{
    public int? Replicas { get; set; }

    public required ResourcesText Resources { get; set; }
}

internal sealed record ResourcesText
{
    public AmountText? Limits { get; set; }

    public AmountText? Reservations { get; set; }
}

internal sealed record AmountText
{
    public string? Cpus { get; set; }

    public string? Memory { get; set; }

    public List<DeviceText> Devices { get; set; } = [];
}

internal sealed record DeviceText
{
    public required string Driver { get; set; }

    public required List<string> DeviceIds { get; set; }

    public required List<string> Capabilities { get; set; }
}
