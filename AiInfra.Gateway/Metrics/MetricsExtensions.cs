namespace AiInfra.Gateway.Metrics;

internal static class MetricsExtensions
{
    public static void AddGatewayMetrics(this WebApplicationBuilder builder)
    {
        builder.Services.AddOptionsWithValidateOnStart<MetricsOptions, MetricsOptionsValidator>().BindConfiguration(MetricsOptions.Section);
        builder.Services.AddSingleton<TenantLabels>();
        builder.Services.AddSingleton<GatewayMetrics>();
    }
}
