using AiInfra.MemoryService.Access;
using AiInfra.ServiceDefaults.ServiceTokens;
using Microsoft.AspNetCore.Http.HttpResults;

namespace AiInfra.MemoryService.Erasure;

internal static class ErasureEndpoints
{
    private const int MaxNameLength = 256;

    public static void MapErasure(this IEndpointRouteBuilder routes)
    {
        // For callers, about themselves. An erasure knows no bounds within a user, so whoever is kept to some domains asks an operator.
        Map(routes.MapGroup("/v1/memories").RequireAuthorization(ServiceScopes.MemoryErase, AccessPolicies.EveryDomain));
        // For operators through the gateway's admin listener, about anybody of the tenant.
        Map(routes.MapGroup("/admin/memory").RequireAuthorization(ServiceScopes.MemoryAdmin));
    }

    private static void Map(RouteGroupBuilder group)
    {
        group.WithTags("Erasure");
        group.MapPost("/erase", EraseAsync);
        group.MapGet("/erasures/{id}", CheckAsync);
    }

    private static async Task<Results<Ok<ErasureReceipt>, ValidationProblem, ProblemHttpResult>> EraseAsync(
        EraseRequest request, Caller caller, MemoryErasure erasure, CancellationToken cancellationToken)
    {
        var broken = new Dictionary<string, string[]>(StringComparer.Ordinal);
        foreach (var (field, value) in new[] { ("user", request.User), ("sessionId", request.SessionId), ("agentId", request.AgentId) })
        {
            if (value is { Length: 0 or > MaxNameLength })
            {
                broken[field] = [$"1 to {MaxNameLength} characters."];
            }
        }

        if (broken.Count > 0)
        {
            return TypedResults.ValidationProblem(broken);
        }

        return caller.MayActOn(request.User ?? caller.User)
            ? TypedResults.Ok(await erasure.EraseAsync(caller, request, cancellationToken))
            : TypedResults.Problem($"To erase another user takes the scope '{ServiceScopes.MemoryAdmin}'.", statusCode: StatusCodes.Status403Forbidden);
    }

    private static async Task<Results<Ok<ErasureCheck>, NotFound>> CheckAsync(string id, Caller caller, MemoryErasure erasure, CancellationToken cancellationToken) =>
        await erasure.CheckAsync(caller, id, cancellationToken) is { } check ? TypedResults.Ok(check) : TypedResults.NotFound();
}
