using AiInfra.ServiceDefaults.ServiceTokens;
using Microsoft.Extensions.DependencyInjection;

namespace AiInfra.Tests.Identity;

/// <summary>With Entra ID configured Microsoft.Identity.Web gets the services' own tokens; here from an authority of its shape.</summary>
public sealed class EntraTests
{
    private static readonly (string Name, string Value)[] Directory =
        [("AzureAd:Instance", EntraAuthority.Instance), ("AzureAd:TenantId", EntraAuthority.TenantId)];

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_services_own_token_comes_from_Entra_once_and_is_kept()
    {
        await using var authority = await EntraAuthority.StartAsync();
        await using var service = await TrustingService.StartAsync(
            new Uri("http://127.0.0.1:9"),
            services => services.ConfigureHttpClientDefaults(http => http.ConfigurePrimaryHttpMessageHandler(authority.Route)),
            [.. Directory, ("AzureAd:ClientId", "memory-client"), ("AzureAd:ClientCredentials:0:SourceType", "ClientSecret"),
                ("AzureAd:ClientCredentials:0:ClientSecret", "a secret"), ("ServiceTokens:Scopes:gateway", "api://gateway/.default")]);
        var source = service.Services.GetRequiredService<IServiceTokenSource>();

        var first = await source.GetAsync("gateway", null, Cancelled);
        var second = await source.GetAsync("gateway", null, Cancelled);

        Assert.Equal(first, second);
        Assert.Equal(["api://gateway"], TokenGateway.Read(first).Audiences);
        var asked = Assert.Single(authority.Asked);
        Assert.Equal(("client_credentials", "api://gateway/.default", "memory-client"), (asked["grant_type"], asked["scope"].Split(' ')[0], asked["client_id"]));
        await Assert.ThrowsAsync<HttpRequestException>(async () => await source.GetAsync("vllm", null, Cancelled));
    }
}
