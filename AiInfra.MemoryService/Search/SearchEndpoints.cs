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

        var found = await search.SearchAsync(
            caller, request.Query!, request.Ranking ?? Ranking.Hybrid, request.Filter ?? SearchFilter.None, request.Limit ?? DefaultLimit, cancellationToken);
        return TypedResults.Ok(new SearchResponse([.. found.Select(hit => SearchResultResponse.Of(hit, request.Explain))]));
    }
}
