using AiInfra.MemoryService.Access;
using AiInfra.MemoryService.Context;
using AiInfra.ServiceDefaults.ServiceTokens;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http.HttpResults;

namespace AiInfra.MemoryService.Chat;

internal static class ChatEndpoints
{
    private const int MaxName = 128;
    private const int MaxEarlier = 1000;

    public static void MapChat(this IEndpointRouteBuilder routes) =>
        routes.MapPost("/v1/memories/turns", TakeAsync).WithTags("Chat").RequireAuthorization();

    private static async Task<Results<Ok<ChatTurnResponse>, ValidationProblem, ForbidHttpResult>> TakeAsync(
        ChatTurnRequest request, Caller caller, HttpContext context, ChatTurns turns, IAuthorizationService authorization, CancellationToken cancellationToken)
    {
        if (Broken(request) is { Count: > 0 } broken)
        {
            return TypedResults.ValidationProblem(broken);
        }

        // One call reads and writes: each needs its own scope.
        if ((request.Read && !(await authorization.AuthorizeAsync(context.User, ServiceScopes.MemoryRead)).Succeeded)
            || (request.Write && !(await authorization.AuthorizeAsync(context.User, ServiceScopes.MemoryWrite)).Succeeded))
        {
            return TypedResults.Forbid();
        }

        return TypedResults.Ok(await turns.TakeAsync(caller, request, cancellationToken));
    }

    private static Dictionary<string, string[]> Broken(ChatTurnRequest request)
    {
        var broken = new Dictionary<string, string[]>(StringComparer.Ordinal);
        if (!IsName(request.Conversation))
        {
            broken["conversation"] = [$"1 to {MaxName} characters."];
        }

        if (request.Turn is not null && !IsName(request.Turn))
        {
            broken["turn"] = [$"1 to {MaxName} characters."];
        }

        if (request.Earlier is { Count: > MaxEarlier } || request.Earlier?.Any(name => !IsName(name)) is true)
        {
            broken["earlier"] = [$"At most {MaxEarlier} names of 1 to {MaxName} characters."];
        }

        if (request.MaxTokens is < ContextBuilder.FewestTokens or > ContextBuilder.MostTokens)
        {
            broken["maxTokens"] = [$"A number from {ContextBuilder.FewestTokens} to {ContextBuilder.MostTokens}."];
        }

        if (request.MinRelevance is < 0 or > 1 or double.NaN)
        {
            broken["minRelevance"] = ["A number from 0 to 1."];
        }

        return broken;
    }

    private static bool IsName(string? name) => name is { Length: > 0 and <= MaxName };
}
