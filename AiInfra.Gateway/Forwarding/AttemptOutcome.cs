namespace AiInfra.Gateway.Forwarding;

/// <summary>How far one attempt on one replica came.</summary>
internal enum AttemptOutcome
{
    /// <summary>No answer came: refused, reset, or no reply in time.</summary>
    NoReply,

    /// <summary>The replica refused with a status that another replica may not share (429, 5xx).</summary>
    Busy,

    /// <summary>The replica refused with a status that every replica would give (4xx).</summary>
    Refused,

    /// <summary>An answer began and broke, aborted or reported an error before anything went to the caller.</summary>
    BrokenBeforeFirstByte,

    /// <summary>The answer began to go to the caller: from here on there is no other replica.</summary>
    Answered,
}
