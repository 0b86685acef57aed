namespace AiInfra.Gateway.Telemetry;

internal static class TelemetryExtensions
{
    public static void AddGatewayMetrics(this WebApplicationBuilder builder)
    {
        builder.Services.AddOptionsWithValidateOnStart<TelemetryOptions, TelemetryOptionsValidator>().BindConfiguration(TelemetryOptions.Section);
        builder.Services.AddOptions<ExpiryOptions>().BindConfiguration(ExpiryOptions.Section).ValidateOnStart();
        builder.Services.AddSingleton<TenantLabels>();
        builder.Services.AddSingleton<GatewayMetrics>();
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
