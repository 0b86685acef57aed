namespace AiInfra.Gateway.Admission;

/// <summary>One request at the gate.</summary>
/// <param name="tenant">Whose turn it uses.</param>
/// <param name="priority">Higher goes first.</param>
/// <param name="work">What it will cost, in tokens; at least 1.</param>
internal sealed class AdmissionTicket(string tenant, int priority, double work)
{
    public string Tenant { get; } = tenant;

    public int Priority { get; } = priority;

    public double Work { get; } = Math.Max(1, work);

    /// <summary>When it is no longer worth anything.</summary>
    public TimeSpan Deadline { get; set; }

    /// <summary>Where it stands in its tenant's queue; null when it does not wait.</summary>
    public LinkedListNode<AdmissionTicket>? Place { get; set; }

    /// <summary>Completed with true when it is let in, with false when its time has run out.</summary>
    public TaskCompletionSource<bool>? Turn { get; set; }
}

/// <summary>What the gate says to an arrival.</summary>
internal enum AdmissionVerdict
{
    Admitted,
    Queued,

    /// <summary>The queue is full, or the wait would be too long.</summary>
    Refused,
}
