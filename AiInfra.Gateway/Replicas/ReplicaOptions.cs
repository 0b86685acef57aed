using System.ComponentModel.DataAnnotations;

namespace AiInfra.Gateway.Replicas;

/// <summary>How replicas are found and watched: section <c>Replicas</c>.</summary>
public sealed class ReplicaOptions
{
    public const string Section = "Replicas";

    /// <summary>Time between two looks at discovery (DNS included), 100 ms to 5 minutes. Default 2 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:05:00")]
    public TimeSpan DiscoveryInterval { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>Time between two probes of a replica's models and metrics, 50 ms to 1 minute. Default 1 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.050", "00:01:00")]
    public TimeSpan ProbeInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// A replica on which requests run, while neither a byte came nor a counter moved for so long, hangs: 200 ms to 1 hour. Default 30 s;
    /// keep it above the time that the longest prompt takes to its first token.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.200", "01:00:00")]
    public TimeSpan StallTimeout { get; set; } = TimeSpan.FromSeconds(30);
}
