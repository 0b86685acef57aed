using System.Net.Http.Headers;
using AiInfra.AppHost.Vllm;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Testing;

namespace AiInfra.Tests.Acceptance;

/// <summary>The platform as a newcomer starts it, with the real model behind the gateway.</summary>
public sealed class ModelPlatformFixture : IAsyncLifetime
{
    // The first run on a machine installs Chroma's server.
    private static readonly TimeSpan StartLimit = TimeSpan.FromMinutes(4);

    private IDistributedApplicationTestingBuilder? _builder;
    private DistributedApplication? _app;

    /// <summary>The gateway's public listener.</summary>
    public Uri Gateway => _app!.GetEndpoint("gateway", "http");

    /// <summary>The key of the local platform.</summary>
    public string ApiKey { get; private set; } = "";

    /// <summary>Public name of the model.</summary>
    public string Model { get; private set; } = "";

    /// <summary>A client of the gateway that sends <see cref="ApiKey"/>.</summary>
    public HttpClient CreateClient()
    {
        var client = new HttpClient { BaseAddress = Gateway, Timeout = TimeSpan.FromMinutes(3) };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", ApiKey);
        return client;
    }

    public async ValueTask InitializeAsync()
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(StartLimit);
        _builder = await DistributedApplicationTestingBuilder.CreateAsync<Projects.AiInfra_AppHost>(["--AppHost:Engine=smollm2", "--AppHost:ModelProbePorts="], limit.Token);
        // Another fixture's receiver may stand in the environment of this process: its telemetry is not this platform's.
        foreach (var project in _builder.Resources.OfType<ExecutableResource>())
        {
            _builder.CreateResourceBuilder(project).WithEnvironment("OTEL_SDK_DISABLED", "true").WithEnvironment("OTEL_EXPORTER_OTLP_ENDPOINT", "");
        }

        ApiKey = await _builder.Resources.OfType<ParameterResource>().Single(parameter => parameter.Name == "api-key").GetValueAsync() ?? "";
        Model = VllmPoolSettings.From(_builder.Configuration, "vllm")[0].Model;
        _app = await _builder.BuildAsync(limit.Token);
        await _app.StartAsync(limit.Token);
        foreach (var name in (string[])["gateway", "memory", "chroma", "vllm0", "vllm1"])
        {
            await _app.ResourceNotifications.WaitForResourceHealthyAsync(name, limit.Token);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_builder is not null)
        {
            await _builder.DisposeAsync();
        }
    }
}
