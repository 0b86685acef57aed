using Aspire.Hosting.Eventing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Aspire.Hosting
{
    internal interface IDistributedApplicationBuilder
    {
        ConfigurationManager Configuration { get; }

        string AppHostDirectory { get; }

        IHostEnvironment Environment { get; }

        IServiceCollection Services { get; }

        DistributedApplicationEventing Eventing { get; }

        DistributedApplicationExecutionContext ExecutionContext { get; }

        IResourceCollection Resources { get; }

        IResourceBuilder<T> AddResource<T>(T resource)
            where T : IResource;

        IResourceBuilder<T> CreateResourceBuilder<T>(T resource)
            where T : IResource;

        DistributedApplication Build();
    }

    /// <summary>This engine runs; publishing is Aspire's.</summary>
    internal sealed record DistributedApplicationExecutionContext(bool IsRunMode = true, bool IsPublishMode = false);
}

namespace Aspire.Hosting.ApplicationModel
{
    internal interface IResourceBuilder<out T>
        where T : IResource
    {
        IDistributedApplicationBuilder ApplicationBuilder { get; }

        T Resource { get; }

        IResourceBuilder<T> WithAnnotation<TAnnotation>(TAnnotation annotation)
            where TAnnotation : IResourceAnnotation;
    }

    internal sealed class ResourceBuilder<T>(IDistributedApplicationBuilder applicationBuilder, T resource) : IResourceBuilder<T>
        where T : IResource
    {
        public IDistributedApplicationBuilder ApplicationBuilder { get; } = applicationBuilder;

        public T Resource { get; } = resource;

        public IResourceBuilder<T> WithAnnotation<TAnnotation>(TAnnotation annotation)
            where TAnnotation : IResourceAnnotation
        {
            Resource.Annotations.Add(annotation);
            return this;
        }
    }
}
