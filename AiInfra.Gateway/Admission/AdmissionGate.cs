namespace AiInfra.Gateway.Admission;

/// <summary>The gate in front of one pool of replicas: the queue, its lock and its clock.</summary>
internal sealed class AdmissionGate(AdmissionOptions options, TimeProvider time)
{
    private readonly AdmissionQueue _queue = new(options.MaxQueued);
    private readonly Lock _lock = new();
    private readonly long _started = time.GetTimestamp();

    public int Queued
    {
        get
        {
            lock (_lock)
            {
                return _queue.Queued;
            }
        }
    }

    /// <summary>Whole seconds after which a refused request has a chance, 1 to 60.</summary>
    public int RetryAfterSeconds
    {
        get
        {
            lock (_lock)
            {
                return (int)Math.Clamp(Math.Ceiling(_queue.ExpectedWait.TotalSeconds), 1, 60);
            }
        }
    }

    private TimeSpan Now => time.GetElapsedTime(_started);

    /// <summary>Waits for the request's turn. Who gets true calls <see cref="Leave"/> once.</summary>
    /// <param name="ticket">The request.</param>
    /// <param name="replicas">How many replicas may take requests at the moment.</param>
    /// <param name="cancellationToken">The caller has left.</param>
    public ValueTask<bool> EnterAsync(AdmissionTicket ticket, int replicas, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            ticket.Deadline = Now + options.MaxWait;
            switch (_queue.Arrive(ticket, LimitFor(replicas), Now))
            {
                case AdmissionVerdict.Admitted:
                    return new(true);
                case AdmissionVerdict.Refused:
                    return new(false);
            }

            ticket.Turn = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        return new(WaitAsync(ticket, cancellationToken));
    }

    public void Leave(AdmissionTicket ticket, int replicas)
    {
        lock (_lock)
        {
            _queue.Leave(ticket, Now);
            while (_queue.Next(LimitFor(replicas)) is { } next)
            {
                next.Turn!.TrySetResult(true);
            }
        }
    }

    // With no replica left the requests pass to be told so, instead of waiting for nothing.
    private int LimitFor(int replicas) => replicas == 0 ? int.MaxValue : replicas * options.MaxInFlightPerReplica;

    private async Task<bool> WaitAsync(AdmissionTicket ticket, CancellationToken cancellationToken)
    {
        try
        {
            return await ticket.Turn!.Task.WaitAsync(options.MaxWait, time, cancellationToken);
        }
        catch (Exception over) when (over is TimeoutException or OperationCanceledException)
        {
            lock (_lock)
            {
                if (!_queue.Withdraw(ticket) && over is OperationCanceledException)
                {
                    // Its turn came in the same moment: it goes to somebody else.
                    _queue.Leave(ticket, Now);
                    while (_queue.Next(_queue.Running + 1) is { } next)
                    {
                        next.Turn!.TrySetResult(true);
                        break;
                    }
                }
                else if (ticket.Turn!.Task.IsCompletedSuccessfully)
                {
                    return true;
                }
            }

            if (over is OperationCanceledException)
            {
                throw;
            }

            return false;
        }
    }
}
