namespace AiInfra.Gateway.Routing;

internal static class RoutingExtensions
{
    public static void AddRouting(this WebApplicationBuilder builder) => builder.Services.AddSingleton<RoundRobinPolicy>();
}
