namespace AiInfra.Gateway.Metrics;

internal static class MetricsExtensions
{
    public static void AddGatewayMetrics(this WebApplicationBuilder builder) => builder.Services.AddSingleton<GatewayMetrics>();
}
