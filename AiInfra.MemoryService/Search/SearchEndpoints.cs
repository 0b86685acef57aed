using AiInfra.MemoryService.Access;
using AiInfra.MemoryService.Memories;
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
        if (SearchRules.Broken(request.Query, request.Limit, options.Value) is { Count: > 0 } broken)
        {
            return TypedResults.ValidationProblem(broken);
        }

        var found = await search.SearchAsync(caller, request.Query!, request.Ranking ?? Ranking.Hybrid, request.Limit ?? DefaultLimit, cancellationToken);
        return TypedResults.Ok(new SearchResponse([.. found.Select(hit => Response(hit, request.Explain))]));
    }

    private static SearchResultResponse Response(FoundMemory hit, bool explain) => new(
        MemoryResponse.Of(hit.Memory),
        hit.Score,
        explain
            ? new ExplainResponse(hit.Terms.Lexical, hit.Terms.Dense, hit.Terms.LateInteraction, hit.Terms.Speaker, hit.Terms.Calendar, hit.Terms.Question)
            : null);
}
