using OpenTelemetry.Metrics;

namespace AiInfra.Gateway.Telemetry;

internal static class TelemetryExtensions
{
    public static void AddGatewayMetrics(this WebApplicationBuilder builder)
    {
        builder.Services.AddOptionsWithValidateOnStart<TelemetryOptions, TelemetryOptionsValidator>().BindConfiguration(TelemetryOptions.Section);
        builder.Services.AddSingleton<TenantLabels>();
        builder.Services.AddSingleton<GatewayMetrics>();
        // The gateway measures its requests itself, by model and tenant; the framework would count each of them ten times more beside that.
        builder.Services.ConfigureOpenTelemetryMeterProvider(metrics => metrics.AddView(
            instrument => instrument.Meter.Name is "System.Net.Http" or "System.Net.NameResolution" or "Microsoft.AspNetCore.Hosting" ? MetricStreamConfiguration.Drop : null));
    }
}
