using System.Net.Http.Headers;
using AiInfra.Tests.Identity;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace AiInfra.Tests.Fixtures;

/// <summary>Tests that share one running platform: they run one after the other, and each cleans up what it stores.</summary>
[CollectionDefinition(Name)]
public sealed class PlatformCollection : ICollectionFixture<PlatformFixture>
{
    public const string Name = "Platform";
}

/// <summary>The AppHost as a user starts it, once for all tests of the collection: every service, random ports, a state folder of its own.</summary>
public sealed class PlatformFixture : IAsyncLifetime
{
    // The first run on a machine installs Chroma's server.
    private static readonly TimeSpan StartLimit = TimeSpan.FromMinutes(4);

    private IDistributedApplicationTestingBuilder? _builder;
    private DistributedApplication? _app;
    private TelemetryReceiver? _telemetry;
    private OidcAuthority? _authority;

    /// <summary>The gateway's public listener.</summary>
    public Uri Gateway => App.GetEndpoint("gateway", "http");

    /// <summary>The gateway's admin listener; its bearer is <see cref="AdminKey"/>.</summary>
    public Uri GatewayAdmin => App.GetEndpoint("gateway", "admin");

    /// <summary>The gateway's internal listener: health, metrics, keys of service tokens.</summary>
    public Uri GatewayInternal => App.GetEndpoint("gateway", "internal");

    /// <summary>The memory service, which accepts service tokens only.</summary>
    public Uri Memory => App.GetEndpoint("memory", "http");

    /// <summary>ChromaDB's HTTP API.</summary>
    public Uri Chroma => App.GetEndpoint("chroma", "http");

    /// <summary>The generated key of the local platform, <c>sk-…</c>.</summary>
    public string ApiKey { get; private set; } = "";

    /// <summary>The generated key of the admin listener.</summary>
    public string AdminKey { get; private set; } = "";

    /// <summary>Public name of the model that the pool serves.</summary>
    public string Model { get; private set; } = "";

    internal IResourceCollection Resources => _builder!.Resources;

    /// <summary>Receives the platform's alerts and its telemetry.</summary>
    internal TelemetryReceiver Telemetry => _telemetry ?? throw new InvalidOperationException("The platform has not started.");

    /// <summary>The authority whose tokens the gateway takes.</summary>
    internal OidcAuthority Authority => _authority ?? throw new InvalidOperationException("The platform has not started.");

    internal DistributedApplication App => _app ?? throw new InvalidOperationException("The platform has not started.");

    /// <summary>A client of the gateway's public listener that sends <see cref="ApiKey"/>.</summary>
    public HttpClient CreateClient()
    {
        var client = new HttpClient { BaseAddress = Gateway };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", ApiKey);
        return client;
    }

    public async ValueTask InitializeAsync()
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(StartLimit);
        _telemetry = await TelemetryReceiver.StartAsync(limit.Token);
        // Without a viewer of its own the AppHost leaves it to its environment where telemetry goes.
        Environment.SetEnvironmentVariable("OTEL_EXPORTER_OTLP_ENDPOINT", _telemetry.Otlp.ToString());
        Environment.SetEnvironmentVariable("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc");
        Environment.SetEnvironmentVariable("OTEL_METRIC_EXPORT_INTERVAL", "1000");
        _authority = await OidcAuthority.StartAsync();
        foreach (var (name, value) in Jwt(_authority))
        {
            Environment.SetEnvironmentVariable(name, value);
        }

        _builder = await DistributedApplicationTestingBuilder.CreateAsync<Projects.AiInfra_AppHost>(
            [
                "--AppHost:Engine=simulated",
                // Alerts in seconds instead of minutes.
                "--Monitoring:ScrapeInterval=00:00:02", "--Monitoring:AlertDelayFactor=0.02",
                $"--Monitoring:PageWebhook={_telemetry.Webhook}", $"--Monitoring:TicketWebhook={_telemetry.Webhook}",
            ],
            limit.Token);
        ApiKey = await ParameterAsync("api-key");
        AdminKey = await ParameterAsync("admin-key");
        Model = AiInfra.AppHost.Vllm.VllmPoolSettings.From(_builder.Configuration, "vllm")[0].Model;
        _app = await _builder.BuildAsync(limit.Token);
        await _app.StartAsync(limit.Token);
        foreach (var name in _builder.Resources.OfType<ExecutableResource>().Select(resource => resource.Name))
        {
            await WaitUntilHealthyAsync(name, limit.Token);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_builder is not null)
        {
            await _builder.DisposeAsync();
        }

        if (_telemetry is not null)
        {
            Environment.SetEnvironmentVariable("OTEL_EXPORTER_OTLP_ENDPOINT", null);
            Environment.SetEnvironmentVariable("OTEL_EXPORTER_OTLP_PROTOCOL", null);
            Environment.SetEnvironmentVariable("OTEL_METRIC_EXPORT_INTERVAL", null);
            await _telemetry.DisposeAsync();
        }

        if (_authority is not null)
        {
            foreach (var (name, _) in Jwt(_authority))
            {
                Environment.SetEnvironmentVariable(name, null);
            }

            await _authority.DisposeAsync();
        }
    }

    /// <summary>The value of one of the platform's secrets.</summary>
    public async Task<string> ParameterAsync(string name) =>
        await _builder!.Resources.OfType<ParameterResource>().Single(parameter => parameter.Name == name).GetValueAsync() ?? "";

    // As an operator sets them: the services inherit the AppHost's environment.
    private static IEnumerable<(string Name, string Value)> Jwt(OidcAuthority authority) =>
        [("Jwt__Authority", authority.Address), ("Jwt__Audience", OidcAuthority.Audience), ("Jwt__RequireHttps", "false")];

    /// <summary>The newest lines that a resource printed, for the message of a failing test.</summary>
    public string Log(string resource, int lines = 50) =>
        string.Join('\n', App.Services.GetRequiredService<ResourceLoggerService>().Newest(resource, lines));

    private async Task WaitUntilHealthyAsync(string name, CancellationToken cancellationToken)
    {
        try
        {
            await App.ResourceNotifications.WaitForResourceHealthyAsync(name, cancellationToken);
        }
        catch (Exception problem) when (problem is OperationCanceledException or DistributedApplicationException)
        {
            throw new InvalidOperationException($"{name} did not become healthy. Its log:\n{Log(name)}", problem);
        }
    }
}
