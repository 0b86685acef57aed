using AiInfra.MemoryService.Access;
using AiInfra.ServiceDefaults.ServiceTokens;
using Microsoft.AspNetCore.Http.HttpResults;

namespace AiInfra.MemoryService.Erasure;

internal static class ErasureEndpoints
{
    private const int MaxNameLength = 256;

    public static void MapErasure(this IEndpointRouteBuilder routes)
    {
        // For an application that may erase, and for operators through the gateway's admin listener.
        foreach (var root in new[] { "/v1/memories", "/admin/memory" })
        {
            var group = routes.MapGroup(root).WithTags("Erasure").RequireAuthorization(ServiceScopes.MemoryAdmin);
            group.MapPost("/erase", EraseAsync);
            group.MapGet("/erasures/{id}", CheckAsync);
        }
    }

    private static async Task<Results<Ok<ErasureReceipt>, ValidationProblem>> EraseAsync(
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

        return broken.Count > 0 ? TypedResults.ValidationProblem(broken) : TypedResults.Ok(await erasure.EraseAsync(caller, request, cancellationToken));
    }

    private static async Task<Results<Ok<ErasureCheck>, NotFound>> CheckAsync(string id, Caller caller, MemoryErasure erasure, CancellationToken cancellationToken) =>
        await erasure.CheckAsync(caller, id, cancellationToken) is { } check ? TypedResults.Ok(check) : TypedResults.NotFound();
}
