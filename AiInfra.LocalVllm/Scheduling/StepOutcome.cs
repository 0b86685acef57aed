namespace AiInfra.LocalVllm.Scheduling;

/// <summary>
/// What one step did. The scheduler reuses the object: it is valid until the next step. Its tokens exist <see cref="Seconds"/> after the step began.
/// </summary>
internal sealed class StepOutcome
{
    /// <summary>How long the step takes, in seconds of the scheduler's clock.</summary>
    public double Seconds { get; internal set; }

    /// <summary>Prompt tokens computed.</summary>
    public int PrefillTokens { get; internal set; }

    /// <summary>Sequences that were scheduled.</summary>
    public int Scheduled { get; internal set; }

    /// <summary>Every sequence that gained a token (see <see cref="Sequence.LastToken"/>), in scheduling order. Finished ones have left the scheduler.</summary>
    public List<Sequence> Gained { get; } = [];

    /// <summary>Nothing could be scheduled.</summary>
    public bool Idle => Scheduled == 0;

    internal void Clear()
    {
        Gained.Clear();
        (Seconds, PrefillTokens, Scheduled) = (0, 0, 0);
    }
}
