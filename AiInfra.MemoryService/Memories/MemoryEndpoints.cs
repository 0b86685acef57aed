using AiInfra.MemoryService.Access;
using AiInfra.MemoryService.Storage;
using AiInfra.ServiceDefaults.ServiceTokens;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.Options;

namespace AiInfra.MemoryService.Memories;

internal static class MemoryEndpoints
{
    private const int DefaultPage = 50;
    private const int MaxPage = 500;

    public static void MapMemories(this IEndpointRouteBuilder routes)
    {
        var read = routes.MapGroup("/v1/memories").WithTags("Memories").RequireAuthorization(ServiceScopes.MemoryRead);
        read.MapGet("", List);
        read.MapGet("/{id}", Get);
        read.MapGet("/{id}/history", History);

        var write = routes.MapGroup("/v1/memories").WithTags("Memories").RequireAuthorization(ServiceScopes.MemoryWrite);
        write.MapPost("", StoreAsync);
        write.MapPost("/batch", StoreBatchAsync);
        write.MapPatch("/{id}", UpdateAsync);
        write.MapDelete("/{id}", DeleteAsync);
    }

    private static async Task<Results<Created<MemoryResponse>, ValidationProblem, ProblemHttpResult>> StoreAsync(
        CreateMemoryRequest request, [FromHeader(Name = "Idempotency-Key")] string? idempotencyKey, Caller caller, MemoryStore memories,
        IOptions<StorageOptions> options, HttpResponse response, CancellationToken cancellationToken)
    {
        if (MemoryRules.Broken(request, options.Value) is { Count: > 0 } broken)
        {
            return TypedResults.ValidationProblem(broken);
        }

        var result = await memories.StoreAsync(caller, [request], idempotencyKey, cancellationToken);
        if (result.Outcome == StoreOutcome.Invalid)
        {
            return TypedResults.ValidationProblem(result.BrokenOfOne());
        }

        if (result.Outcome != StoreOutcome.Done)
        {
            return Problem(result.Outcome);
        }

        if (result.Memories is not [var memory])
        {
            return TypedResults.Problem("This request was carried out before, and its memory has been deleted since.", statusCode: StatusCodes.Status410Gone);
        }

        response.Headers.ETag = ETags.Of(memory);
        return TypedResults.Created($"/v1/memories/{memory.Id}", MemoryResponse.Of(memory) with { DuplicateOf = result.DuplicateOf[0], Warnings = result.WarningsOf(0) });
    }

    private static async Task<Results<Created<MemoriesResponse>, ValidationProblem, ProblemHttpResult>> StoreBatchAsync(
        CreateMemoriesRequest request, [FromHeader(Name = "Idempotency-Key")] string? idempotencyKey, Caller caller, MemoryStore memories,
        IOptions<StorageOptions> options, CancellationToken cancellationToken)
    {
        if (request.Memories is not { Count: > 0 } batch || batch.Count > options.Value.MaxBatch)
        {
            return TypedResults.ValidationProblem(new Dictionary<string, string[]> { ["memories"] = [$"1 to {options.Value.MaxBatch} memories."] });
        }

        var broken = batch
            .SelectMany((memory, i) => MemoryRules.Broken(memory, options.Value).Select(rule => ($"memories[{i}].{rule.Key}", rule.Value)))
            .ToDictionary(rule => rule.Item1, rule => rule.Value);
        if (broken.Count > 0)
        {
            return TypedResults.ValidationProblem(broken);
        }

        var result = await memories.StoreAsync(caller, batch, idempotencyKey, cancellationToken);
        if (result.Outcome == StoreOutcome.Invalid)
        {
            return TypedResults.ValidationProblem(result.Broken);
        }

        return result.Outcome == StoreOutcome.Done
            ? TypedResults.Created((string?)null, new MemoriesResponse(
                [.. result.Memories.Select((memory, i) => MemoryResponse.Of(memory) with { DuplicateOf = result.DuplicateOf[i], Warnings = result.WarningsOf(i) })]))
            : Problem(result.Outcome);
    }

    private static Results<Ok<MemoryResponse>, NotFound> Get(string id, Caller caller, MemoryStore memories, HttpResponse response)
    {
        if (memories.Find(caller, id) is not { } memory)
        {
            return TypedResults.NotFound();
        }

        response.Headers.ETag = ETags.Of(memory);
        return TypedResults.Ok(MemoryResponse.Of(memory));
    }

    private static Results<Ok<MemoryPageResponse>, ValidationProblem> List(int? limit, string? cursor, string? sessionId, Caller caller, MemoryStore memories)
    {
        if (limit is < 1 or > MaxPage)
        {
            return TypedResults.ValidationProblem(new Dictionary<string, string[]> { ["limit"] = [$"A number from 1 to {MaxPage}."] });
        }

        var (page, next) = memories.List(caller, sessionId, cursor, limit ?? DefaultPage);
        return TypedResults.Ok(new MemoryPageResponse([.. page.Select(MemoryResponse.Of)], next));
    }

    private static async Task<Results<Ok<MemoryResponse>, NotFound, ValidationProblem, ProblemHttpResult>> UpdateAsync(
        string id, UpdateMemoryRequest request, [FromHeader(Name = "If-Match")] string? ifMatch, Caller caller, MemoryStore memories,
        IOptions<StorageOptions> options, HttpResponse response, CancellationToken cancellationToken)
    {
        if (MemoryRules.Broken(request, options.Value) is { Count: > 0 } broken)
        {
            return TypedResults.ValidationProblem(broken);
        }

        if (!ETags.TryRead(ifMatch, out var version))
        {
            return Problem(StoreOutcome.Conflict);
        }

        var updated = await memories.UpdateAsync(caller, id, request, version, cancellationToken);
        if (updated.Outcome is StoreOutcome.NotFound)
        {
            return TypedResults.NotFound();
        }

        if (updated.Outcome is StoreOutcome.Invalid)
        {
            return TypedResults.ValidationProblem(updated.Broken);
        }

        if (updated.Memory is not { } memory)
        {
            return Problem(updated.Outcome);
        }

        response.Headers.ETag = ETags.Of(memory);
        return TypedResults.Ok(MemoryResponse.Of(memory));
    }

    private static async Task<Results<NoContent, NotFound, ProblemHttpResult>> DeleteAsync(
        string id, [FromHeader(Name = "If-Match")] string? ifMatch, Caller caller, MemoryStore memories, CancellationToken cancellationToken)
    {
        var outcome = ETags.TryRead(ifMatch, out var version)
            ? await memories.DeleteAsync(caller, id, version, cancellationToken)
            : StoreOutcome.Conflict;
        return outcome switch
        {
            StoreOutcome.Done => TypedResults.NoContent(),
            StoreOutcome.NotFound => TypedResults.NotFound(),
            _ => Problem(outcome),
        };
    }

    private static Results<Ok<MemoryHistoryResponse>, NotFound> History(string id, Caller caller, MemoryStore memories) =>
        memories.History(caller, id) is { Count: > 0 } versions
            ? TypedResults.Ok(new MemoryHistoryResponse(id, versions))
            : TypedResults.NotFound();

    private static ProblemHttpResult Problem(StoreOutcome outcome) => outcome == StoreOutcome.Full
        ? TypedResults.Problem("This user has as many memories as one may have.", statusCode: StatusCodes.Status507InsufficientStorage)
        : TypedResults.Problem(
            "The memory has changed since, or the idempotency key belongs to another request.", statusCode: StatusCodes.Status412PreconditionFailed);
}
