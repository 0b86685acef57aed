using System.Threading.Channels;

namespace AiInfra.MemoryService.Indexing;

/// <summary>Tells the indexer that a tenant has changes. Calls that it has not heard yet count as one.</summary>
internal sealed class OutboxSignal(IndexStates states)
{
    private readonly HashSet<string> _waiting = new(StringComparer.Ordinal);
    private readonly HashSet<string> _rebuilds = new(StringComparer.Ordinal);
    private readonly Channel<bool> _wakes = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    public void Wake(string tenant)
    {
        states.FallBehind(tenant);
        lock (_waiting)
        {
            _waiting.Add(tenant);
        }

        _wakes.Writer.TryWrite(true);
    }

    /// <summary>Asks for a tenant's collection to be made anew.</summary>
    public void Rebuild(string tenant)
    {
        lock (_waiting)
        {
            _rebuilds.Add(tenant);
        }

        Wake(tenant);
    }

    public bool WillRebuild(string tenant)
    {
        lock (_waiting)
        {
            return _rebuilds.Contains(tenant);
        }
    }

    /// <summary>The rebuild has begun.</summary>
    public void BeginRebuild(string tenant)
    {
        lock (_waiting)
        {
            _rebuilds.Remove(tenant);
        }
    }

    /// <summary>Waits for a wake, at most so long, and gives the tenants that were named.</summary>
    public async Task<IReadOnlyList<string>> WaitAsync(TimeSpan limit, TimeProvider time, CancellationToken cancellationToken)
    {
        using var timer = new CancellationTokenSource(limit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, cancellationToken);
        try
        {
            await _wakes.Reader.ReadAsync(either.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // Time is up: nobody called.
        }

        lock (_waiting)
        {
            string[] tenants = [.. _waiting];
            _waiting.Clear();
            return tenants;
        }
    }
}
