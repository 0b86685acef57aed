using Microsoft.Extensions.Options;

namespace AiInfra.Gateway.Models;

internal static class ModelExtensions
{
    public static void AddModelCatalog(this WebApplicationBuilder builder)
    {
        // Not BindConfiguration: it would validate again at every reload and throw into the thread that watches the file.
        builder.Services.AddOptions<GatewayOptions>()
            .Configure<IConfiguration>((options, configuration) => configuration.GetSection(GatewayOptions.Section).Bind(options))
            .ValidateOnStart();
        builder.Services.AddSingleton<IValidateOptions<GatewayOptions>, GatewayOptionsValidator>();
        builder.Services.AddSingleton<GatewayConfiguration>();
        builder.Services.AddSingleton<ModelCatalog>();
        builder.Services.AddSingleton<ModelList>();
    }
}
