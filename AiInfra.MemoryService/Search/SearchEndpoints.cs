using AiInfra.MemoryService.Access;
using AiInfra.ServiceDefaults.ServiceTokens;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;

namespace AiInfra.MemoryService.Search;

internal static class SearchEndpoints
{
    private const int DefaultLimit = 10;

    public static void MapSearch(this IEndpointRouteBuilder routes) =>
        routes.MapPost("/v1/memories/search", SearchAsync).WithTags("Search").RequireAuthorization(ServiceScopes.MemoryRead);

    private static async Task<Results<Ok<SearchResponse>, ValidationProblem>> SearchAsync(
        SearchRequest request, Caller caller, MemorySearch search, IOptions<SearchOptions> options, CancellationToken cancellationToken)
    {
        if (SearchRules.Broken(request.Query, request.Limit, request.Filter, options.Value) is { Count: > 0 } broken)
        {
            return TypedResults.ValidationProblem(broken);
        }

        if (request.Boost is { IsValid: false })
        {
            return TypedResults.ValidationProblem(new Dictionary<string, string[]> { ["boost"] = ["Weights from 0 to 10, and a half-life of more than 0 and at most 36,500 days."] });
        }

        var found = await search.SearchAsync(
            caller, request.Query!, request.Ranking ?? Ranking.Hybrid, request.Boost, request.Filter ?? SearchFilter.None, request.Limit ?? DefaultLimit, cancellationToken);
        return TypedResults.Ok(new SearchResponse([.. found.Select(hit => SearchResultResponse.Of(hit, request.Explain))]));
    }
}
