using Microsoft.Extensions.Options;

namespace AiInfra.Gateway.Policies;

internal static class PolicyExtensions
{
    public static void AddPolicies(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<IValidateOptions<AccessOptions>, AccessOptionsValidator>();
        builder.Services.AddOptionsWithValidateOnStart<AccessOptions>().BindConfiguration(AccessOptions.Section);
        builder.Services.AddSingleton<PolicyStore>();
        builder.Services.AddSingleton<Audit>();
        builder.Services.AddHostedService(services => services.GetRequiredService<Audit>());
        builder.Services.ConfigureHttpJsonOptions(json => json.SerializerOptions.TypeInfoResolverChain.Insert(0, AccessAdminJson.Default));
    }
}
