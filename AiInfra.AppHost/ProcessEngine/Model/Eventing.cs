namespace Aspire.Hosting.ApplicationModel
{
    internal sealed class BeforeStartEvent(IServiceProvider services) : Eventing.IDistributedApplicationEvent
    {
        public IServiceProvider Services { get; } = services;
    }

    internal sealed class AfterResourcesCreatedEvent(IServiceProvider services) : Eventing.IDistributedApplicationEvent
    {
        public IServiceProvider Services { get; } = services;
    }

    internal sealed class BeforeResourceStartedEvent(IResource resource, IServiceProvider services) : Eventing.IDistributedApplicationResourceEvent
    {
        public IResource Resource { get; } = resource;

        public IServiceProvider Services { get; } = services;
    }

    internal sealed class ResourceEndpointsAllocatedEvent(IResource resource, IServiceProvider services) : Eventing.IDistributedApplicationResourceEvent
    {
        public IResource Resource { get; } = resource;

        public IServiceProvider Services { get; } = services;
    }

    internal sealed class ResourceReadyEvent(IResource resource, IServiceProvider services) : Eventing.IDistributedApplicationResourceEvent
    {
        public IResource Resource { get; } = resource;

        public IServiceProvider Services { get; } = services;
    }

    internal sealed class ResourceStoppedEvent(IResource resource, IServiceProvider services) : Eventing.IDistributedApplicationResourceEvent
    {
        public IResource Resource { get; } = resource;

        public IServiceProvider Services { get; } = services;
    }
}

namespace Aspire.Hosting.Eventing
{
    internal interface IDistributedApplicationEvent;

    internal interface IDistributedApplicationResourceEvent : IDistributedApplicationEvent
    {
        IResource Resource { get; }
    }

    internal sealed class DistributedApplicationEventSubscription(Type eventType, IResource? resource, Func<IDistributedApplicationEvent, CancellationToken, Task> callback)
    {
        public Type EventType { get; } = eventType;

        public IResource? Resource { get; } = resource;

        public Func<IDistributedApplicationEvent, CancellationToken, Task> Callback { get; } = callback;
    }

    internal interface IDistributedApplicationEventing
    {
        DistributedApplicationEventSubscription Subscribe<T>(Func<T, CancellationToken, Task> callback)
            where T : IDistributedApplicationEvent;

        DistributedApplicationEventSubscription Subscribe<T>(IResource resource, Func<T, CancellationToken, Task> callback)
            where T : IDistributedApplicationResourceEvent;

        void Unsubscribe(DistributedApplicationEventSubscription subscription);

        Task PublishAsync<T>(T @event, CancellationToken cancellationToken = default)
            where T : IDistributedApplicationEvent;
    }

    /// <summary>Handlers run one after the other in the order of subscription; resources are compared by reference.</summary>
    internal sealed class DistributedApplicationEventing : IDistributedApplicationEventing
    {
        private readonly Lock _lock = new();
        private readonly List<DistributedApplicationEventSubscription> _subscriptions = [];

        public DistributedApplicationEventSubscription Subscribe<T>(Func<T, CancellationToken, Task> callback)
            where T : IDistributedApplicationEvent => Add<T>(null, callback);

        public DistributedApplicationEventSubscription Subscribe<T>(IResource resource, Func<T, CancellationToken, Task> callback)
            where T : IDistributedApplicationResourceEvent => Add<T>(resource, callback);

        public void Unsubscribe(DistributedApplicationEventSubscription subscription)
        {
            lock (_lock)
            {
                _subscriptions.Remove(subscription);
            }
        }

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
