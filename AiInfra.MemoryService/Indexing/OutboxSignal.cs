using System.Diagnostics;
using System.Threading.Channels;

namespace AiInfra.MemoryService.Indexing;

/// <summary>Tells the indexer that a tenant has changes. Calls that it has not heard yet count as one.</summary>
internal sealed class OutboxSignal(IndexStates states)
{
    // With the trace of the first call: what is done for it belongs there.
    private readonly Dictionary<string, ActivityContext> _waiting = new(StringComparer.Ordinal);
    private readonly HashSet<string> _rebuilds = new(StringComparer.Ordinal);
    private readonly Channel<bool> _wakes = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    public void Wake(string tenant)
    {
        states.FallBehind(tenant);
        lock (_waiting)
        {
            _waiting.TryAdd(tenant, Activity.Current?.Context ?? default);
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

    /// <summary>Waits for a wake, at most so long, and gives the tenants that were named, each with the trace that it was named in.</summary>
    public async Task<IReadOnlyDictionary<string, ActivityContext>> WaitAsync(TimeSpan limit, TimeProvider time, CancellationToken cancellationToken)
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
            var tenants = new Dictionary<string, ActivityContext>(_waiting, StringComparer.Ordinal);
            _waiting.Clear();
            return tenants;
        }
    }
}
