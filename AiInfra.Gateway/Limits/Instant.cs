namespace AiInfra.Gateway.Limits;

/// <summary>A moment on two clocks: one that never steps, for windows and time-outs, and the calendar, for budgets.</summary>
/// <param name="Elapsed">Monotonic time since an arbitrary start of this process.</param>
/// <param name="Utc">Wall-clock time; it may be set back or forth while the gateway runs.</param>
internal readonly record struct Instant(TimeSpan Elapsed, DateTimeOffset Utc)
{
    public static Instant Now(TimeProvider time) => new(time.GetElapsedTime(0), time.GetUtcNow());
}
