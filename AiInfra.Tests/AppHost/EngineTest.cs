using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace AiInfra.Tests.AppHost;

/// <summary>An application of shell scripts: real processes of every temper, in milliseconds.</summary>
public abstract class EngineTest : IAsyncLifetime
{
    protected static readonly TimeSpan Limit = TimeSpan.FromMinutes(3);

    private readonly CancellationTokenSource _limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);

    internal IDistributedApplicationTestingBuilder Builder { get; } = DistributedApplicationTestingBuilder.Create("--AppHost:RestartPauseMilliseconds=5");

    protected CancellationToken Cancelled => _limit.Token;

    /// <summary>A folder for what the scripts leave, deleted with the application's state.</summary>
    protected string Folder => Builder.State().Folder("test");

    public ValueTask InitializeAsync()
    {
        _limit.CancelAfter(Limit);
        return ValueTask.CompletedTask;
    }

    public virtual async ValueTask DisposeAsync()
    {
        await Builder.DisposeAsync();
        _limit.Dispose();
        GC.SuppressFinalize(this);
    }

    internal IResourceBuilder<ExecutableResource> AddScript(string name, string script) => Builder.AddExecutable(name, "/bin/sh", "/", "-c", script);

    /// <summary>A script that the engine takes for a server: it has an endpoint.</summary>
    internal IResourceBuilder<ExecutableResource> AddServer(string name, string script = "exec sleep 600") => AddScript(name, script).WithHttpEndpoint();

    internal async Task<DistributedApplication> StartAsync()
    {
        var app = await Builder.BuildAsync(Cancelled);
        await app.StartAsync(Cancelled);
        return app;
    }

    internal static CustomResourceSnapshot StateOf(DistributedApplication app, string name) =>
        app.ResourceNotifications.TryGetCurrentState(name, out var update) ? update!.Snapshot : throw new ArgumentException(name);

    internal static IReadOnlyList<string> LinesOf(DistributedApplication app, string name, int count = 1000) =>
        app.Services.GetRequiredService<ResourceLoggerService>().Newest(name, count);

    internal Task<ResourceEvent> WaitAsync(DistributedApplication app, string name, Func<CustomResourceSnapshot, bool> wanted) =>
        app.ResourceNotifications.WaitForResourceAsync(name, update => wanted(update.Snapshot), Cancelled);

    /// <summary>Waits for a script's line, which is how it says that it got somewhere.</summary>
    internal async Task<string> LineAsync(DistributedApplication app, string name, Func<string, bool> wanted)
    {
        while (true)
        {
            if (LinesOf(app, name).FirstOrDefault(wanted) is { } line)
            {
                return line;
            }

            await Task.Delay(20, Cancelled);
        }
    }
}
