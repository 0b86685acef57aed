namespace AiInfra.AppHost.Processes;

/// <summary>
/// A process of its own session (its own group on Windows), so that a Ctrl-C in the terminal reaches only the AppHost, which then
/// stops everything in order. Its output, stdout and stderr as they come, goes line by line to one reader.
/// </summary>
internal abstract class ChildProcess
{
    private readonly TaskCompletionSource<int> _exited = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public abstract int Id { get; }

    /// <summary>The exit code of the process itself; 128 + signal where a signal ended it. Children may be left: see <see cref="KillTree"/>.</summary>
    public Task<int> Exited => _exited.Task;

    /// <exception cref="IOException">The system did not start it; the message says why.</exception>
    public static ChildProcess Start(ProcessStart start, Action<IReadOnlyList<string>> onLines) =>
        OperatingSystem.IsWindows() ? new WindowsChildProcess(start, onLines) : new UnixChildProcess(start, onLines);

    /// <summary>Asks the whole tree to end.</summary>
    public abstract void TerminateTree();

    /// <summary>Ends what is left of the tree at once.</summary>
    public abstract void KillTree();

    /// <summary>True while any process of the tree lives.</summary>
    public abstract bool IsTreeAlive();

    /// <summary>Asks, waits for <paramref name="grace"/>, kills: returns when nothing of the tree is left.</summary>
    public async Task StopAsync(TimeSpan grace, CancellationToken killNow)
    {
        TerminateTree();
        var deadline = TimeProvider.System.GetTimestamp();
        while (IsTreeAlive() && TimeProvider.System.GetElapsedTime(deadline) < grace && !killNow.IsCancellationRequested)
        {
            await Task.Delay(20, CancellationToken.None);
        }

        for (var attempt = 0; IsTreeAlive() && attempt < 200; attempt++)
        {
            KillTree();
            await Task.Delay(10, CancellationToken.None);
        }

        await Exited.WaitAsync(TimeSpan.FromSeconds(5), CancellationToken.None);
    }

    protected void OnExited(int exitCode) => _exited.TrySetResult(exitCode);
}
