using Microsoft.Extensions.Hosting;

namespace AiInfra.AppHost.Telemetry;

/// <summary>Who a process is in its telemetry, and where that goes: to the viewer when there is one, else where the AppHost's own environment says.</summary>
internal static class OtlpEnvironment
{
    public static void Add(EnvironmentCallbackContext context, IDistributedApplicationBuilder builder)
    {
        var variables = context.EnvironmentVariables;
        if (builder.Resources.OfType<TelemetryViewer>().FirstOrDefault() is { } viewer)
        {
            variables["OTEL_EXPORTER_OTLP_ENDPOINT"] = viewer.Otlp;
            variables["OTEL_EXPORTER_OTLP_PROTOCOL"] = "grpc";
            variables["OTEL_EXPORTER_OTLP_HEADERS"] = $"x-otlp-api-key={viewer.OtlpKey}";
        }

        variables["OTEL_SERVICE_NAME"] = context.Resource.Name;
        variables["OTEL_RESOURCE_ATTRIBUTES"] = $"service.instance.id={new string(Random.Shared.GetItems("abcdefghijklmnopqrstuvwxyz".AsSpan(), 8))}";
        if (builder.Environment.IsDevelopment())
        {
            variables["OTEL_BLRP_SCHEDULE_DELAY"] = "1000";
            variables["OTEL_BSP_SCHEDULE_DELAY"] = "1000";
            variables["OTEL_METRIC_EXPORT_INTERVAL"] = "1000";
            variables["OTEL_TRACES_SAMPLER"] = "always_on";
            variables["OTEL_METRICS_EXEMPLAR_FILTER"] = "trace_based";
            variables["OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"] = "true";
        }
    }
}
