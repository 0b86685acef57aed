using Microsoft.Extensions.Options;

namespace AiInfra.Gateway.Routing;

internal static class RoutingExtensions
{
    public static void AddRouting(this WebApplicationBuilder builder)
    {
        builder.Services.AddOptionsWithValidateOnStart<RoutingOptions, RoutingOptionsValidator>().BindConfiguration(RoutingOptions.Section);
        builder.Services.AddSingleton<IValidateOptions<RoutingOptions>, RoutingPolicyNameValidator>();
        builder.Services.AddSingleton<RoutingPolicyTable>();
    }
}
