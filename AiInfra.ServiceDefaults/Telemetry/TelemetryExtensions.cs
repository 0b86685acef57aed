using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Configuration.Memory;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

namespace AiInfra.ServiceDefaults.Telemetry;

internal static class TelemetryExtensions
{
    private static readonly KeyValuePair<string, string?>[] JsonConsole =
    [
        new("Logging:Console:FormatterName", "json"),
        new("Logging:Console:FormatterOptions:IncludeScopes", "true"),
        new("Logging:Console:FormatterOptions:UseUtcTimestamp", "true"),
        new("Logging:Console:FormatterOptions:TimestampFormat", "yyyy-MM-ddTHH:mm:ss.fffZ"),
    ];

    /// <summary>Traces, metrics and logs by OTLP where <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> is set; metrics for Prometheus always.</summary>
    public static void AddTelemetry(this WebApplicationBuilder builder)
    {
        // A line for every request would bury what an operator looks for; configuration still overrides these levels.
        builder.Configuration.Sources.Insert(0, new MemoryConfigurationSource
        {
            InitialData =
            [
                new("Logging:LogLevel:Default", "Information"),
                new("Logging:LogLevel:Microsoft.AspNetCore", "Warning"),
                new("Logging:LogLevel:System.Net.Http.HttpClient", "Warning"),
                new("Logging:LogLevel:Polly", "Warning"),
                .. InContainer(builder.Configuration) ? JsonConsole : [],
            ],
        });
        if (IsDisabled(builder.Configuration))
        {
            return;
        }

        // On the console too a line leads to its trace; in a container one line is one JSON object.
        builder.Logging.Configure(logging => logging.ActivityTrackingOptions = ActivityTrackingOptions.TraceId | ActivityTrackingOptions.SpanId);
        builder.Logging.AddOpenTelemetry(logging =>
        {
            logging.IncludeFormattedMessage = true;
            logging.IncludeScopes = true;
        });

        // A trace that goes nowhere costs as much as one that is kept.
        var traces = !string.IsNullOrWhiteSpace(builder.Configuration["OTEL_EXPORTER_OTLP_ENDPOINT"]);
        builder.Services.AddOpenTelemetry()
            .WithMetrics(metrics => metrics
                .AddAspNetCoreInstrumentation()
                .AddHttpClientInstrumentation()
                .AddRuntimeInstrumentation()
                .AddMeter("AiInfra.*")
                // A figure that stands out leads to a trace of one request behind it.
                .SetExemplarFilter(traces ? ExemplarFilterType.TraceBased : ExemplarFilterType.AlwaysOff)
                .AddPrometheusExporter());

        if (traces)
        {
            builder.Services.AddOpenTelemetry()
                .WithTracing(tracing => tracing
                    .AddSource("AiInfra.*")
                    .AddAspNetCoreInstrumentation(options => options.Filter = IsWorthATrace)
                    .AddHttpClientInstrumentation())
                .UseOtlpExporter();
        }
    }

    /// <summary>OpenTelemetry's own switch, <c>OTEL_SDK_DISABLED=true</c>: nothing is measured, traced or exported.</summary>
    public static bool IsDisabled(IConfiguration configuration) =>
        string.Equals(configuration["OTEL_SDK_DISABLED"], "true", StringComparison.OrdinalIgnoreCase);

    // .NET's images set it.
    private static bool InContainer(ConfigurationManager configuration) =>
        configuration["DOTNET_RUNNING_IN_CONTAINER"] is { } value && value.Equals("true", StringComparison.OrdinalIgnoreCase);

    // Probes come every few seconds from every side and would bury the requests.
    private static bool IsWorthATrace(HttpContext context) =>
        context.Request.Path.Value is not ("/health" or "/alive" or "/metrics");
}
