namespace Aspire.Hosting.ApplicationModel
{
    internal sealed record AfterResourcesCreatedEvent(IServiceProvider Services) : Eventing.IDistributedApplicationEvent;

    internal sealed record BeforeResourceStartedEvent(IResource Resource, IServiceProvider Services) : Eventing.IDistributedApplicationResourceEvent;

    internal sealed record ResourceEndpointsAllocatedEvent(IResource Resource, IServiceProvider Services) : Eventing.IDistributedApplicationResourceEvent;

    internal sealed record ResourceReadyEvent(IResource Resource, IServiceProvider Services) : Eventing.IDistributedApplicationResourceEvent;

    internal sealed record ResourceStoppedEvent(IResource Resource, IServiceProvider Services) : Eventing.IDistributedApplicationResourceEvent;
}

namespace Aspire.Hosting.Eventing
{
    internal interface IDistributedApplicationEvent;

    internal interface IDistributedApplicationResourceEvent : IDistributedApplicationEvent
    {
        IResource Resource { get; }
    }

    internal sealed record DistributedApplicationEventSubscription(
        Type EventType, IResource? Resource, Func<IDistributedApplicationEvent, CancellationToken, Task> Callback);

    /// <summary>Handlers run one after the other in the order of subscription; resources are compared by reference.</summary>
    internal sealed class DistributedApplicationEventing
    {
        private readonly Lock _lock = new();
        private readonly List<DistributedApplicationEventSubscription> _subscriptions = [];

        public DistributedApplicationEventSubscription Subscribe<T>(Func<T, CancellationToken, Task> callback)
            where T : IDistributedApplicationEvent => Add(null, callback);

        public DistributedApplicationEventSubscription Subscribe<T>(IResource resource, Func<T, CancellationToken, Task> callback)
            where T : IDistributedApplicationResourceEvent => Add(resource, callback);

        public async Task PublishAsync<T>(T @event, CancellationToken cancellationToken = default)
            where T : IDistributedApplicationEvent
        {
            List<DistributedApplicationEventSubscription> listeners;
            lock (_lock)
            {
                listeners = _subscriptions.FindAll(one => one.EventType == typeof(T)
                    && (one.Resource is null || ReferenceEquals(one.Resource, (@event as IDistributedApplicationResourceEvent)?.Resource)));
            }

            foreach (var listener in listeners)
            {
                await listener.Callback(@event, cancellationToken);
            }
        }

        private DistributedApplicationEventSubscription Add<T>(IResource? resource, Func<T, CancellationToken, Task> callback)
            where T : IDistributedApplicationEvent
        {
            var subscription = new DistributedApplicationEventSubscription(typeof(T), resource, (e, cancellationToken) => callback((T)e, cancellationToken));
            lock (_lock)
            {
                _subscriptions.Add(subscription);
            }

            return subscription;
        }
    }
}
