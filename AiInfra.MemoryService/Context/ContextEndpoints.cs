using AiInfra.MemoryService.Access;
using AiInfra.MemoryService.Search;
using AiInfra.ServiceDefaults.ServiceTokens;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;

namespace AiInfra.MemoryService.Context;

internal static class ContextEndpoints
{
    public static void MapContext(this IEndpointRouteBuilder routes) =>
        routes.MapPost("/v1/memories/context", BuildAsync).WithTags("Search").RequireAuthorization(ServiceScopes.MemoryRead);

    private static async Task<Results<Ok<ContextResponse>, ValidationProblem>> BuildAsync(
        ContextRequest request, Caller caller, ContextBuilder context, IOptions<SearchOptions> options, CancellationToken cancellationToken)
    {
        var broken = Broken(request, options.Value);
        return broken.Count > 0
            ? TypedResults.ValidationProblem(broken)
            : TypedResults.Ok(await context.BuildAsync(
                caller, request.Query!, request.MaxTokens ?? ContextBuilder.DefaultTokens, request.Filter ?? SearchFilter.None, cancellationToken));
    }

    /// <inheritdoc cref="SearchRules.Broken"/>
    public static Dictionary<string, string[]> Broken(ContextRequest request, SearchOptions options)
    {
        var broken = SearchRules.Broken(request.Query, null, request.Filter, options);
        if (request.MaxTokens is < ContextBuilder.FewestTokens or > ContextBuilder.MostTokens)
        {
            broken["maxTokens"] = [$"A number from {ContextBuilder.FewestTokens} to {ContextBuilder.MostTokens}."];
        }

        return broken;
    }
}
