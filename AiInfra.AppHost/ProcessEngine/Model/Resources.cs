using System.Collections.ObjectModel;

namespace Aspire.Hosting.ApplicationModel
{
    internal interface IResourceAnnotation;

    internal sealed class ResourceAnnotationCollection : Collection<IResourceAnnotation>;

    internal interface IResource
    {
        string Name { get; }

        ResourceAnnotationCollection Annotations { get; }
    }

    internal interface IResourceWithEnvironment : IResource;
    internal interface IResourceWithArgs : IResource;
    internal interface IResourceWithEndpoints : IResource;
    internal interface IResourceWithWaitSupport : IResource;
    internal interface IResourceWithProbes : IResource;
    internal interface IComputeResource : IResource;
    internal interface IResourceWithServiceDiscovery : IResourceWithEndpoints;

    internal interface IValueProvider
    {
        ValueTask<string?> GetValueAsync(CancellationToken cancellationToken = default);
    }

    internal interface IManifestExpressionProvider
    {
        string ValueExpression { get; }
    }

    internal interface IExpressionValue : IValueProvider, IManifestExpressionProvider;

    internal interface IResourceWithConnectionString : IResource, IExpressionValue
    {
        ReferenceExpression ConnectionStringExpression { get; }

        string? ConnectionStringEnvironmentVariable => null;

        string IManifestExpressionProvider.ValueExpression => $"{{{Name}.connectionString}}";

        ValueTask<string?> GetConnectionStringAsync(CancellationToken cancellationToken = default) =>
            ConnectionStringExpression.GetValueAsync(cancellationToken);

        ValueTask<string?> IValueProvider.GetValueAsync(CancellationToken cancellationToken) => GetConnectionStringAsync(cancellationToken);

        IEnumerable<KeyValuePair<string, ReferenceExpression>> GetConnectionProperties() => [];
    }

    internal abstract class Resource(string name) : IResource
    {
        public virtual string Name { get; } = name;

        public virtual ResourceAnnotationCollection Annotations { get; } = [];
    }

    internal class ExecutableResource(string name, string command, string workingDirectory)
        : Resource(name), IResourceWithEnvironment, IResourceWithArgs, IResourceWithEndpoints, IResourceWithWaitSupport, IResourceWithProbes, IComputeResource
    {
        public string Command { get; } = command;

        public string WorkingDirectory { get; } = workingDirectory;
    }

    internal interface IResourceCollection : IList<IResource>;

    internal sealed class ResourceCollection : Collection<IResource>, IResourceCollection
    {
        protected override void InsertItem(int index, IResource item)
        {
            ResourceName.Check(item.Name);
            if (this.Any(other => other.Name.Equals(item.Name, StringComparison.OrdinalIgnoreCase)))
            {
                throw new DistributedApplicationException($"Cannot add resource '{item.Name}': a resource of that name exists (names differ by more than case).");
            }

            base.InsertItem(index, item);
        }
    }

    /// <summary>The rule that Aspire's analyzer checks at build time: 1–64 letters, digits and single hyphens, a letter first.</summary>
    internal static class ResourceName
    {
        public static void Check(string name)
        {
            var valid = name.Length is > 0 and <= 64
                && char.IsAsciiLetter(name[0])
                && name.All(c => char.IsAsciiLetterOrDigit(c) || c == '-')
                && !name.Contains("--", StringComparison.Ordinal)
                && name[^1] != '-';
            if (!valid)
            {
                throw new ArgumentException($"'{name}' is no resource name: 1 to 64 ASCII letters, digits and single hyphens, a letter first, no hyphen last.", nameof(name));
            }
        }
    }
}

namespace Aspire.Hosting.Dotnet
{
    internal sealed class DotnetProjectResource(string name, string command, string workingDirectory)
        : ExecutableResource(name, command, workingDirectory), IResourceWithServiceDiscovery;
}

namespace Aspire.Hosting
{
    internal sealed class DistributedApplicationException(string message) : Exception(message);

    [AttributeUsage(AttributeTargets.Parameter)]
    internal sealed class ResourceNameAttribute : Attribute;

    [AttributeUsage(AttributeTargets.Parameter)]
    internal sealed class EndpointNameAttribute : Attribute;
}
