namespace AiInfra.MemoryService.Lifecycle;

/// <summary>What happens once a day.</summary>
internal static class TimeOfDay
{
    /// <summary>How long until it is <paramref name="at"/> (UTC) again.</summary>
    public static TimeSpan UntilNext(this TimeProvider time, TimeSpan at)
    {
        var now = time.GetUtcNow().UtcDateTime;
        var today = now.Date + at;
        return (today > now ? today : today.AddDays(1)) - now;
    }
}
