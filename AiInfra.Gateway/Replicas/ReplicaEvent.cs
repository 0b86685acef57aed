namespace AiInfra.Gateway.Replicas;

/// <summary>What tells something about a replica's health.</summary>
internal enum ReplicaEvent
{
    /// <summary>An answer began to come.</summary>
    Answered,

    /// <summary>It answered with a server error, or broke off.</summary>
    Failed,

    /// <summary>No connection could be made.</summary>
    Unreachable,

    /// <summary>It said that it is shutting down.</summary>
    ShuttingDown,

    /// <summary>Requests run on it, but nothing has moved for too long.</summary>
    Stalled,

    /// <summary>Its pages answer. That alone does not prove an engine: they answer without one, too.</summary>
    ProbeAnswered,

    /// <summary>It produced a token for a probe.</summary>
    ProbeCompleted,
}

/// <summary>Whether a replica gets requests.</summary>
internal enum ReplicaState
{
    /// <summary>It gets requests.</summary>
    Serving,

    /// <summary>It gets one request at a time, until one or a probe is answered.</summary>
    Trial,

    /// <summary>It gets none until a probe says that it is back.</summary>
    Ejected,
}
