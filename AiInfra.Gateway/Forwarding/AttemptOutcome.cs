namespace AiInfra.Gateway.Forwarding;

/// <summary>How far one attempt on one replica came.</summary>
internal enum AttemptOutcome
{
    /// <summary>No connection could be made.</summary>
    Unreachable,

    /// <summary>The connection was lost, or ended, before an answer began.</summary>
    NoReply,

    /// <summary>No answer began in time, or the replica was found hung.</summary>
    TimedOut,

    /// <summary>The replica has no room (429, 503).</summary>
    Busy,

    /// <summary>The replica is shutting down.</summary>
    ShuttingDown,

    /// <summary>The replica answered with another server error (5xx).</summary>
    ServerError,

    /// <summary>The replica refused with a status that every replica would give (4xx).</summary>
    Refused,

    /// <summary>An answer began and broke, aborted or reported an error before anything went to the caller.</summary>
    BrokenBeforeFirstByte,

    /// <summary>The answer began to go to the caller: from here on there is no other replica.</summary>
    Answered,
}
