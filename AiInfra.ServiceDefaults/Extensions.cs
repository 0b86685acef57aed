using AiInfra.ServiceDefaults.Containers;
using AiInfra.ServiceDefaults.Listeners;
using AiInfra.ServiceDefaults.Telemetry;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Microsoft.Extensions.Hosting;

/// <summary>What every service of the platform has: listeners, telemetry, health, discovery, resilience, ProblemDetails.</summary>
public static class ServiceDefaultsExtensions
{
    /// <summary>Adds the defaults. Call it first in every <c>Program.cs</c>.</summary>
    public static WebApplicationBuilder AddServiceDefaults(this WebApplicationBuilder builder)
    {
        builder.AddSecretFiles();
        builder.AddListeners();
        builder.AddNetworkDefaults();
        builder.AddTelemetry();

        builder.Services.AddHealthChecks().AddCheck("self", () => HealthCheckResult.Healthy(), ["live"]);
        builder.Services.AddProblemDetails();
        builder.Services.AddServiceDiscovery();
        builder.Services.ConfigureHttpClientDefaults(http =>
        {
            // Right for small idempotent calls. A client for models or embeddings removes it and states its own
            // policy: the standard handler repeats POSTs and cuts an answer after 30 seconds.
            http.AddStandardResilienceHandler();
            http.AddServiceDiscovery();
        });

        // A stop must be shorter than the ten seconds after which launchers and container runtimes kill, unless they were told to
        // wait longer: then the host's own setting (DOTNET_SHUTDOWNTIMEOUTSECONDS) stands.
        if (builder.Configuration["shutdownTimeoutSeconds"] is null)
        {
            builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = TimeSpan.FromSeconds(8));
        }

        return builder;
    }

    /// <summary>
    /// Maps <c>/health</c> (ready: every check), <c>/alive</c> (the process answers) and <c>/metrics</c> (Prometheus) on the
    /// internal listener, or on the only one where no internal listener is configured. Health answers tell the status alone.
    /// </summary>
    public static WebApplication MapDefaultEndpoints(this WebApplication app)
    {
        app.MapHealthChecks("/health").RequireListener(ListenerNames.Internal).ShortCircuit();
        app.MapHealthChecks("/alive", new HealthCheckOptions { Predicate = check => check.Tags.Contains("live") })
            .RequireListener(ListenerNames.Internal).ShortCircuit();
        if (!TelemetryExtensions.IsDisabled(app.Configuration))
        {
            app.MapPrometheusScrapingEndpoint().RequireListener(ListenerNames.Internal).AllowAnonymous();
        }

        return app;
    }
}
