using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Eventing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

// The counterpart of the package Aspire.Hosting.Testing for the engine Processes: same names, same meanings.
namespace Aspire.Hosting.Testing;

internal interface IDistributedApplicationTestingBuilder : IDistributedApplicationBuilder, IAsyncDisposable
{
    Task<DistributedApplication> BuildAsync(CancellationToken cancellationToken = default);
}

/// <summary>Starts the AppHost's own code in a test: random ports, a state folder that is deleted afterwards, no console.</summary>
internal static class DistributedApplicationTestingBuilder
{
    public static Task<IDistributedApplicationTestingBuilder> CreateAsync<TEntryPoint>(CancellationToken cancellationToken = default)
        where TEntryPoint : class => CreateAsync<TEntryPoint>([], cancellationToken);

    public static Task<IDistributedApplicationTestingBuilder> CreateAsync<TEntryPoint>(string[] args, CancellationToken cancellationToken = default)
        where TEntryPoint : class => CreateAsync(typeof(TEntryPoint), args, cancellationToken);

    public static async Task<IDistributedApplicationTestingBuilder> CreateAsync(Type entryPoint, string[] args, CancellationToken cancellationToken = default)
    {
        var (hook, state) = Prepare(args);
        return new TestingBuilder(await hook.RunEntryPoint(entryPoint, cancellationToken), hook, state);
    }

    /// <summary>An application without an entry point: the test adds the resources.</summary>
    public static IDistributedApplicationTestingBuilder Create(params string[] args)
    {
        var (hook, state) = Prepare(args);
        return new TestingBuilder(hook.CreateBuilder(), hook, state);
    }

    // The test's own arguments come last and win.
    private static (EntryPointHook Hook, string State) Prepare(string[] args)
    {
        var state = Directory.CreateTempSubdirectory("aiinfra-test-").FullName;
        return (new EntryPointHook(["--DcpPublisher:RandomizePorts=true", "--AppHost:Quiet=true", $"--AppHost:State={state}", .. args]), state);
    }

    private sealed class TestingBuilder(DistributedApplicationBuilder builder, EntryPointHook hook, string state) : IDistributedApplicationTestingBuilder
    {
        private DistributedApplication? _application;

        public ConfigurationManager Configuration => builder.Configuration;

        public string AppHostDirectory => builder.AppHostDirectory;

        public IHostEnvironment Environment => builder.Environment;

        public IServiceCollection Services => builder.Services;

        public DistributedApplicationEventing Eventing => builder.Eventing;

        public DistributedApplicationExecutionContext ExecutionContext => builder.ExecutionContext;

        public IResourceCollection Resources => builder.Resources;

        public IResourceBuilder<T> AddResource<T>(T resource)
            where T : IResource => builder.AddResource(resource);

        public IResourceBuilder<T> CreateResourceBuilder<T>(T resource)
            where T : IResource => builder.CreateResourceBuilder(resource);

        public DistributedApplication Build() => BuildAsync().GetAwaiter().GetResult();

        public async Task<DistributedApplication> BuildAsync(CancellationToken cancellationToken = default) =>
            _application = hook.HasEntryPoint ? await hook.BuildAsync(cancellationToken) : builder.Build();

        public async ValueTask DisposeAsync()
        {
            if (_application is not null)
            {
                await _application.DisposeAsync();
            }

            hook.OnDisposed();
            builder.State().Dispose();
            Directory.Delete(state, recursive: true);
        }
    }
}

internal static class DistributedApplicationHostingTestingExtensions
{
    public static Uri GetEndpoint(this DistributedApplication app, string resourceName, string? endpointName = default)
    {
        var resource = app.Resource<IResourceWithEndpoints>(resourceName);
        return new Uri(new EndpointReference(resource, endpointName ?? "http").Url);
    }

    public static HttpClient CreateHttpClient(this DistributedApplication app, string resourceName, string? endpointName = default) =>
        new() { BaseAddress = app.GetEndpoint(resourceName, endpointName) };

    public static ValueTask<string?> GetConnectionStringAsync(
        this DistributedApplication app, string resourceName, CancellationToken cancellationToken = default) =>
        app.Resource<IResourceWithConnectionString>(resourceName).GetConnectionStringAsync(cancellationToken);

    private static T Resource<T>(this DistributedApplication app, string name) =>
        app.Services.GetRequiredService<IResourceCollection>().Where(resource => resource.Name.Equals(name, StringComparison.OrdinalIgnoreCase)).OfType<T>().FirstOrDefault()
        ?? throw new ArgumentException($"There is no resource '{name}' of that kind.", nameof(name));
}
