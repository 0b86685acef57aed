namespace AiInfra.Gateway.Forwarding;

/// <summary>On SIGTERM running answers go on for a while; what is not complete then ends in an error event, before the host cuts it.</summary>
internal sealed class ShutdownDrain : IDisposable
{
    // The host kills connections eight seconds after the signal.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(6);

    private readonly CancellationTokenSource _over = new();
    private readonly CancellationTokenRegistration _stopping;

    public ShutdownDrain(IHostApplicationLifetime lifetime) =>
        _stopping = lifetime.ApplicationStopping.Register(() => _over.CancelAfter(Patience));

    /// <summary>Fires when the patience is over.</summary>
    public CancellationToken Over => _over.Token;

    public void Dispose()
    {
        _stopping.Dispose();
        _over.Dispose();
    }
}
