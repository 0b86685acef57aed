using AiInfra.ServiceDefaults.ServiceTokens;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Microsoft.Identity.Abstractions;
using Microsoft.Identity.Web;
using Microsoft.Identity.Web.TokenCacheProviders.InMemory;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Service tokens on outgoing calls.</summary>
public static class ServiceTokenClientExtensions
{
    /// <summary>Gives the service an identity to call others with: section <c>ServiceTokens</c>, or Entra ID where <c>AzureAd:ClientId</c> is set.</summary>
    public static WebApplicationBuilder AddServiceTokenClient(this WebApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddSingleton<IValidateOptions<ServiceTokenOptions>, ServiceTokenOptionsValidator>();
        services.AddOptionsWithValidateOnStart<ServiceTokenOptions>().BindConfiguration(ServiceTokenOptions.Section);
        services.AddHttpContextAccessor();
        services.TryAddSingleton(TimeProvider.System);
        if (builder.Configuration["AzureAd:ClientId"] is { Length: > 0 })
        {
            services.AddTokenAcquisition(isTokenAcquisitionSingleton: true);
            services.AddInMemoryTokenCaches();
            // For every scheme: Microsoft.Identity.Web looks under the one that checks the service's own callers, which is not Entra's.
            services.ConfigureAll<MicrosoftIdentityApplicationOptions>(builder.Configuration.GetSection("AzureAd").Bind);
            services.AddSingleton<IServiceTokenSource, EntraTokenSource>();
        }
        else
        {
            services.AddHttpClient(PlatformTokenSource.Client, client => client.BaseAddress = new Uri("http://_internal.gateway"));
            services.AddSingleton<IServiceTokenSource, PlatformTokenSource>();
        }

        return builder;
    }

    /// <summary>Puts a token for <paramref name="audience"/> on every request of the client. Needs <see cref="AddServiceTokenClient"/>.</summary>
    /// <param name="client">The client.</param>
    /// <param name="audience">The called service's resource name.</param>
    public static IHttpClientBuilder AddServiceToken(this IHttpClientBuilder client, string audience) => client.AddHttpMessageHandler(services =>
        new ServiceTokenHandler(services.GetRequiredService<IServiceTokenSource>(), services.GetRequiredService<IHttpContextAccessor>(), audience));
}
