using System.ComponentModel.DataAnnotations;

namespace AiInfra.Gateway.Admission;

/// <summary>How many requests are let through to the replicas, and how many wait: section <c>Admission</c>.</summary>
public sealed class AdmissionOptions
{
    public const string Section = "Admission";

    /// <summary>Requests in flight per available replica, 1 to 16,384. Default 256. What is above waits here, where order and fairness are ours: vLLM's own queue has no bound.</summary>
    [Range(1, 16_384)]
    public int MaxInFlightPerReplica { get; set; } = 256;

    /// <summary>Requests that wait per pool of replicas at most, 0 to 1,000,000. Default 1024; the next one gets 429.</summary>
    [Range(0, 1_000_000)]
    public int MaxQueued { get; set; } = 1024;

    /// <summary>Longest wait, 100 ms to 1 hour; then 429. Default 30 s. A request that would wait longer by all that is known is refused at once.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "01:00:00")]
    public TimeSpan MaxWait { get; set; } = TimeSpan.FromSeconds(30);
}
