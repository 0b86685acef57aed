namespace AiInfra.LocalVllm.Trouble;

/// <summary>What goes wrong with a request.</summary>
/// <param name="Kind">The trouble.</param>
/// <param name="Frames">Frames that a stream still sends before it falls silent or is cut.</param>
/// <param name="Delay">The pause before every frame (or before a whole reply) of <see cref="TroubleKind.Slow"/>.</param>
/// <param name="Status">The status of <see cref="TroubleKind.Status"/>.</param>
internal sealed record TroublePlan(TroubleKind Kind, int Frames, TimeSpan Delay, int Status);

/// <summary>Troubles that befall single requests.</summary>
internal enum TroubleKind
{
    /// <summary>The connection is reset before any answer.</summary>
    Refuse,

    /// <summary>No answer at all, the connection stays open.</summary>
    HangBeforeHeaders,

    /// <summary>Status and headers, then nothing.</summary>
    HangAfterHeaders,

    /// <summary>Some frames, then nothing.</summary>
    Silent,

    /// <summary>Every frame late.</summary>
    Slow,

    /// <summary>Some frames (or half of a whole reply), then the connection is reset.</summary>
    Cut,

    /// <summary>An error status, such as 429, 500 or 503.</summary>
    Status,
}
