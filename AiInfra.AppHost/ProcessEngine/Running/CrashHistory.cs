namespace AiInfra.AppHost.ProcessEngine.Running;

/// <summary>How long to wait before a server that ended is started again, and when to give up.</summary>
internal sealed class CrashHistory(TimeSpan firstPause, TimeProvider time)
{
    public const int MaxCrashes = 5;

    /// <summary>A run this long was a good one: what came before no longer counts.</summary>
    public static readonly TimeSpan GoodRun = TimeSpan.FromSeconds(30);

    private static readonly int[] Factors = [1, 5, 10, 20];

    private int _crashes;
    private long _started;

    public void Started() => _started = time.GetTimestamp();

    /// <returns>The pause before the next start, or null: it crashed <see cref="MaxCrashes"/> times in a row.</returns>
    public TimeSpan? Crashed()
    {
        _crashes = time.GetElapsedTime(_started) >= GoodRun ? 1 : _crashes + 1;
        return _crashes < MaxCrashes ? firstPause * Factors[_crashes - 1] : null;
    }
}
