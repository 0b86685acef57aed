using AiInfra.AppHost.Ports;
using AiInfra.AppHost.Prerequisites;
using AiInfra.AppHost.ProcessEngine.Running;
using AiInfra.AppHost.Telemetry;
using Aspire.Hosting.Eventing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Aspire.Hosting;

/// <summary>Collects the model; the generic host underneath brings configuration, logging and signals.</summary>
internal sealed class DistributedApplicationBuilder : IDistributedApplicationBuilder
{
    private readonly HostApplicationBuilder _host;
    private readonly Testing.EntryPointHook? _hook = Testing.EntryPointHook.Current;

    public DistributedApplicationBuilder(string[] args)
    {
        _host = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings
        {
            Args = [.. args, .. _hook?.Arguments ?? []],
            ContentRootPath = AppHostDirectory,
            ApplicationName = typeof(DistributedApplicationBuilder).Assembly.GetName().Name,
        });
        _host.Logging.ClearProviders();
        if (!Configuration.GetValue("AppHost:Quiet", false))
        {
            _host.Logging.AddSimpleConsole(console => console.SingleLine = true);
            // What a person can put right is told in a sentence, not in a stack trace.
            AppDomain.CurrentDomain.UnhandledException += OnUnhandledException;
        }

        // Each resource's health is in its state; these would repeat it at every probe.
        _host.Logging.AddFilter("Microsoft.Extensions.Diagnostics.HealthChecks", LogLevel.None);
        _host.Logging.AddFilter("Microsoft.Hosting.Lifetime", LogLevel.Warning);
        _host.Services.AddHealthChecks();
        _host.Services.AddSingleton<ResourceNotificationService>();
        _host.Services.AddSingleton<ResourceLoggerService>();
        _host.Services.AddSingleton<ResourceCommandService>();
        _host.Services.AddSingleton<PortAllocator>();
        _host.Services.AddSingleton<ApplicationRunner>();
        _host.Services.AddHostedService(services => services.GetRequiredService<ApplicationRunner>());
        _host.Services.AddSingleton(Eventing);
        _host.Services.AddSingleton(ExecutionContext);
        _host.Services.AddSingleton(Resources);
        _host.Services.AddSingleton<IDistributedApplicationBuilder>(this);
        // Long enough for the slowest resource to be asked, waited for and killed.
        _host.Services.Configure<HostOptions>(options => options.ShutdownTimeout = TimeSpan.FromMinutes(2));
        _hook?.OnCreated(this);
    }

    public ConfigurationManager Configuration => _host.Configuration;

    public string AppHostDirectory { get; } = BuiltServices.AppHostDirectory;

    public IHostEnvironment Environment => _host.Environment;

    public IServiceCollection Services => _host.Services;

    public DistributedApplicationEventing Eventing { get; } = new DistributedApplicationEventing();

    public DistributedApplicationExecutionContext ExecutionContext { get; } = new();

    public IResourceCollection Resources { get; } = new ResourceCollection();

    public IResourceBuilder<T> AddResource<T>(T resource)
        where T : IResource
    {
        Resources.Add(resource);
        return CreateResourceBuilder(resource);
    }

    public IResourceBuilder<T> CreateResourceBuilder<T>(T resource)
        where T : IResource => new ResourceBuilder<T>(this, resource);

    public DistributedApplication Build()
    {
        _hook?.BeforeBuild();
        TelemetryViewer.AddIfPresent(this);
        StartOrder.Check([.. Resources]);
        // Opened now, if no integration did: afterwards nothing can be registered.
        _ = this.State();
        var application = new DistributedApplication(_host.Build(), _hook);
        _hook?.OnBuilt(application);
        return application;
    }

    private static void OnUnhandledException(object sender, UnhandledExceptionEventArgs unhandled)
    {
        if (unhandled.ExceptionObject is Exception problem and (DistributedApplicationException or IOException))
        {
            Console.Error.WriteLine(problem.Message);
            System.Environment.Exit(1);
        }
    }
}
