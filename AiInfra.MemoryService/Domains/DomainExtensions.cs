using AiInfra.MemoryService.Domains;
using AiInfra.ServiceDefaults.ServiceTokens;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Microsoft.Extensions.DependencyInjection;

internal static class DomainExtensions
{
    /// <summary>Domains with their validators and vocabulary.</summary>
    public static void AddDomains(this WebApplicationBuilder builder)
    {
        builder.Services.AddOptionsWithValidateOnStart<DomainsOptions, DomainsOptionsValidator>().BindConfiguration(DomainsOptions.Section);
        builder.Services.AddSingleton<DomainTable>();
        builder.Services.ConfigureHttpJsonOptions(options => options.SerializerOptions.TypeInfoResolverChain.Insert(0, DomainJson.Default));
    }

    public static void MapDomains(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/v1/memories/domains", List).WithTags("Domains").RequireAuthorization(ServiceScopes.MemoryRead);

    private static Ok<DomainsResponse> List(DomainTable domains) => TypedResults.Ok(DomainsResponse.Of(domains));
}
