namespace AiInfra.AppHost.ProcessEngine.Running;

/// <summary>Waits of one resource for others: each has a name, says every few seconds what it waits for, and ends.</summary>
internal sealed class DependencyWaits(ResourceNotificationService notifications, Action<IResource, string> say, TimeSpan limit)
{
    private static readonly TimeSpan Progress = TimeSpan.FromSeconds(5);

    /// <exception cref="DistributedApplicationException">A dependency ended or failed, or the limit passed.</exception>
    public async Task WaitAsync(IResource waiter, CancellationToken cancellationToken)
    {
        foreach (var wait in waiter.Annotations.OfType<WaitAnnotation>())
        {
            using var given = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            var released = ReleasedAsync(waiter, wait, given.Token);
            try
            {
                for (var waited = TimeSpan.Zero; !released.IsCompleted; waited += Progress)
                {
                    if (waited >= limit)
                    {
                        throw new DistributedApplicationException(
                            $"'{waiter.Name}' was not started: it waited {limit.TotalSeconds:0} s for '{wait.Resource.Name}', which is {StateOf(wait.Resource)}.");
                    }

                    if (waited > TimeSpan.Zero)
                    {
                        say(waiter, $"waits for '{wait.Resource.Name}' ({StateOf(wait.Resource)}) since {waited.TotalSeconds:0} s");
                    }

                    await Task.WhenAny(released, Task.Delay(Progress < limit ? Progress : limit, given.Token));
                    cancellationToken.ThrowIfCancellationRequested();
                }

                await released;
            }
            finally
            {
                await given.CancelAsync();
            }
        }
    }

    private async Task ReleasedAsync(IResource waiter, WaitAnnotation wait, CancellationToken cancellationToken)
    {
        var state = await notifications.WaitForResourceAsync(
            wait.Resource.Name,
            update => ResourceNotificationService.IsOver(update.Snapshot) || wait.WaitType switch
            {
                WaitType.WaitUntilHealthy => ResourceNotificationService.IsHealthy(update.Snapshot),
                WaitType.WaitUntilStarted => update.Snapshot.State?.Text == KnownResourceStates.Running,
                _ => false,
            },
            cancellationToken);
        var completed = wait.WaitType == WaitType.WaitForCompletion
            && state.Snapshot.State?.Text != KnownResourceStates.FailedToStart && state.Snapshot.ExitCode == wait.ExitCode;
        if (ResourceNotificationService.IsOver(state.Snapshot) && !completed)
        {
            throw new DistributedApplicationException(
                $"'{waiter.Name}' was not started: it waits for '{wait.Resource.Name}', which is {ResourceNotificationService.Describe(state.Snapshot)}.");
        }

        if (wait.WaitType == WaitType.WaitUntilHealthy)
        {
            await notifications.Ready(wait.Resource.Name).Task.WaitAsync(cancellationToken);
        }
    }

    private string StateOf(IResource resource) => notifications.TryGetCurrentState(resource.Name, out var update)
        ? ResourceNotificationService.IsHealthy(update!.Snapshot) ? "ready" : ResourceNotificationService.Describe(update.Snapshot)
        : KnownResourceStates.NotStarted;
}
