using OpenTelemetry.Metrics;

namespace AiInfra.Gateway.Telemetry;

internal static class TelemetryExtensions
{
    public static void AddGatewayMetrics(this WebApplicationBuilder builder)
    {
        builder.Services.AddOptionsWithValidateOnStart<TelemetryOptions, TelemetryOptionsValidator>().BindConfiguration(TelemetryOptions.Section);
        builder.Services.AddOptions<ExpiryOptions>().BindConfiguration(ExpiryOptions.Section).ValidateOnStart();
        builder.Services.AddSingleton<TenantLabels>();
        builder.Services.AddSingleton<GatewayMetrics>();
        // The gateway measures its requests itself, by model and tenant; the framework would count each of them ten times more beside that.
        builder.Services.ConfigureOpenTelemetryMeterProvider(metrics => metrics.AddView(
            instrument => instrument.Meter.Name is "System.Net.Http" or "System.Net.NameResolution" or "Microsoft.AspNetCore.Hosting" ? MetricStreamConfiguration.Drop : null));
        builder.Services.AddSingleton<CertificateDates>();
        builder.Services.AddSingleton<AccountGauges>();
        // Nobody asks for the gauges: they are read when somebody scrapes.
        builder.Services.AddHostedService<GaugeStart>();
    }

    private sealed class GaugeStart(AccountGauges gauges) : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken)
        {
            gauges.Register();
            return Task.CompletedTask;
        }

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
