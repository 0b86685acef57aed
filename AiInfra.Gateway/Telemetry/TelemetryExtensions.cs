namespace AiInfra.Gateway.Telemetry;

internal static class TelemetryExtensions
{
    public static void AddGatewayMetrics(this WebApplicationBuilder builder)
    {
        builder.Services.AddOptionsWithValidateOnStart<TelemetryOptions, TelemetryOptionsValidator>().BindConfiguration(TelemetryOptions.Section);
        builder.Services.AddSingleton<TenantLabels>();
        builder.Services.AddSingleton<GatewayMetrics>();
    }
}
