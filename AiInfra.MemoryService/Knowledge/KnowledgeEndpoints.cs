using AiInfra.MemoryService.Access;
using AiInfra.MemoryService.Memories;
using AiInfra.MemoryService.Search;
using AiInfra.ServiceDefaults.ServiceTokens;
using Microsoft.AspNetCore.Http.HttpResults;

namespace AiInfra.MemoryService.Knowledge;

internal static class KnowledgeEndpoints
{
    public const int DefaultLimit = 10;
    public const int MaxLimit = 100;
    public const int DefaultDays = 30;
    public const int MaxDays = 3650;

    public static void MapKnowledge(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/v1/memories").WithTags("Knowledge").RequireAuthorization(ServiceScopes.MemoryRead);
        // Counted over all that is remembered of the user: not for callers who may see a part of it only.
        group.MapGet("/statistics", StatisticsAsync).RequireAuthorization(AccessPolicies.EveryDomain);
        group.MapPost("/keywords/expand", ExpandAsync).RequireAuthorization(AccessPolicies.EveryDomain);
        group.MapGet("/keywords/trends", TrendsAsync).RequireAuthorization(AccessPolicies.EveryDomain);
        group.MapGet("/{id}/similar", SimilarAsync);
    }

    private static async Task<Ok<StatisticsResponse>> StatisticsAsync(Caller caller, ScopeIndexes indexes, CancellationToken cancellationToken) =>
        TypedResults.Ok(await indexes.ReadAsync(caller, ScopeKnowledge.Statistics, cancellationToken));

    private static async Task<Results<Ok<KeywordsResponse>, ValidationProblem>> ExpandAsync(
        ExpandKeywordsRequest request, Caller caller, Keywords keywords, CancellationToken cancellationToken)
    {
        if (KnowledgeRules.Broken(request.Keywords, request.Limit) is { Count: > 0 } broken)
        {
            return TypedResults.ValidationProblem(broken);
        }

        return TypedResults.Ok(await keywords.ExpandAsync(caller, request.Keywords!, request.Domain, request.Limit ?? DefaultLimit, cancellationToken));
    }

    private static async Task<Results<Ok<KeywordsResponse>, ValidationProblem>> TrendsAsync(
        int? days, string? domain, int? limit, Caller caller, Keywords keywords, CancellationToken cancellationToken)
    {
        if (KnowledgeRules.Broken(days, limit) is { Count: > 0 } broken)
        {
            return TypedResults.ValidationProblem(broken);
        }

        return TypedResults.Ok(await keywords.TrendsAsync(caller, days ?? DefaultDays, domain, limit ?? DefaultLimit, cancellationToken));
    }

    private static async Task<Results<Ok<SimilarMemoriesResponse>, NotFound, ValidationProblem>> SimilarAsync(
        string id, int? limit, Caller caller, MemorySearch search, CancellationToken cancellationToken)
    {
        if (KnowledgeRules.Broken((int?)null, limit) is { Count: > 0 } broken)
        {
            return TypedResults.ValidationProblem(broken);
        }

        return await search.SimilarAsync(caller, id, limit ?? DefaultLimit, cancellationToken) is { } found
            ? TypedResults.Ok(new SimilarMemoriesResponse([.. found.Select(hit => new SimilarMemoryResponse(MemoryResponse.Of(hit.Memory), hit.Score))]))
            : TypedResults.NotFound();
    }
}
