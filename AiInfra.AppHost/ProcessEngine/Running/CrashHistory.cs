namespace AiInfra.AppHost.ProcessEngine.Running;

/// <summary>How long to wait before a server that ended is started again, and when to give up.</summary>
internal sealed class CrashHistory(TimeProvider time)
{
    /// <summary>A run this long was a good one: what came before no longer counts.</summary>
    public static readonly TimeSpan GoodRun = TimeSpan.FromSeconds(30);

    public const int MaxCrashes = 5;

    private static readonly TimeSpan[] Delays =
        [TimeSpan.FromMilliseconds(200), TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(4), TimeSpan.FromSeconds(8)];

    private int _crashes;
    private long _started;

    public void Started() => _started = time.GetTimestamp();

    /// <returns>The pause before the next start, or null: it crashed <see cref="MaxCrashes"/> times in a row.</returns>
    public TimeSpan? Crashed()
    {
        _crashes = time.GetElapsedTime(_started) >= GoodRun ? 1 : _crashes + 1;
        return _crashes < MaxCrashes ? Delays[_crashes - 1] : null;
    }
}
