using Microsoft.Extensions.Options;

namespace AiInfra.Gateway.Models;

internal static class ModelExtensions
{
    public static void AddModelCatalog(this WebApplicationBuilder builder)
    {
        builder.Services.AddOptions<GatewayOptions>().BindConfiguration(GatewayOptions.Section).ValidateOnStart();
        builder.Services.AddSingleton<IValidateOptions<GatewayOptions>, GatewayOptionsValidator>();
        builder.Services.AddSingleton<ModelCatalog>();
        builder.Services.AddSingleton<ModelList>();
    }
}
