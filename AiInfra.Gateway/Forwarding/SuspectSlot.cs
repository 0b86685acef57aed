namespace AiInfra.Gateway.Forwarding;

/// <summary>A suspect's place on a replica, one at a time: held until the first token, or the end of the attempt.</summary>
internal sealed class SuspectSlot(SemaphoreSlim slot)
{
    private int _held;

    public async ValueTask EnterAsync(CancellationToken cancellationToken)
    {
        await slot.WaitAsync(cancellationToken);
        _held = 1;
    }

    public void Leave()
    {
        if (Interlocked.Exchange(ref _held, 0) == 1)
        {
            slot.Release();
        }
    }
}
