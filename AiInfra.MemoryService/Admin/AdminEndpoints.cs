using AiInfra.MemoryService.Access;
using AiInfra.MemoryService.Backup;
using AiInfra.MemoryService.Chroma;
using AiInfra.MemoryService.Indexing;
using AiInfra.MemoryService.Storage;
using AiInfra.ServiceDefaults.ServiceTokens;
using Microsoft.AspNetCore.Http.HttpResults;

namespace AiInfra.MemoryService.Admin;

/// <summary>What operators do, for the tenant of their token.</summary>
internal static class AdminEndpoints
{
    public static void MapMemoryAdmin(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/admin/memory").WithTags("Administration").RequireAuthorization(ServiceScopes.MemoryAdmin);
        group.MapGet("/rebuild", Progress);
        group.MapPost("/rebuild", Rebuild);
        group.MapPost("/backup", BackUpAsync);
    }

    private static Results<Accepted<IndexProgress>, ProblemHttpResult> Rebuild(
        Caller caller, OutboxSignal outbox, TenantDatabases databases, IndexStates states, ChromaClientSettings chroma)
    {
        if (chroma.Endpoint is null)
        {
            return TypedResults.Problem("Chroma is not configured: there is no index to rebuild.", statusCode: StatusCodes.Status409Conflict);
        }

        outbox.Rebuild(caller.Tenant);
        return TypedResults.Accepted("/admin/memory/rebuild", Of(caller.Tenant, outbox, databases, states, chroma));
    }

    private static Ok<IndexProgress> Progress(Caller caller, OutboxSignal outbox, TenantDatabases databases, IndexStates states, ChromaClientSettings chroma) =>
        TypedResults.Ok(Of(caller.Tenant, outbox, databases, states, chroma));

    private static IndexProgress Of(string tenant, OutboxSignal outbox, TenantDatabases databases, IndexStates states, ChromaClientSettings chroma)
    {
        var (memories, pending) = databases.Of(tenant).Read(connection => (OutboxRows.Expected(connection), OutboxRows.Count(connection)));
        var state = states.Of(tenant);
        return new IndexProgress(
            chroma.Endpoint is null ? "off" : state is { IsWell: false } ? "away" : pending > 0 || outbox.WillRebuild(tenant) || state is null ? "catching-up" : "well",
            memories, pending, state?.Problem ?? "");
    }

    private static async Task<Results<Ok<BackupResponse>, ProblemHttpResult>> BackUpAsync(MemoryBackup backup, CancellationToken cancellationToken) =>
        backup.IsConfigured
            ? TypedResults.Ok(await backup.MakeAsync(cancellationToken))
            : TypedResults.Problem("Backup:Folder is not set: there is nowhere to put a backup.", statusCode: StatusCodes.Status409Conflict);
}
