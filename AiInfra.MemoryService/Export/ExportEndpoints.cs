using System.IO.Pipelines;
using System.Text.Json;
using AiInfra.MemoryService.Access;
using AiInfra.MemoryService.Memories;
using AiInfra.MemoryService.Storage;
using AiInfra.ServiceDefaults.ServiceTokens;
using Microsoft.AspNetCore.Http.HttpResults;

namespace AiInfra.MemoryService.Export;

internal static class ExportEndpoints
{
    private const string Ndjson = "application/x-ndjson";
    private const int LinesPerFlush = 100;

    public static void MapExport(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/v1/memories/export", ExportAsync).WithTags("Export").RequireAuthorization(ServiceScopes.MemoryRead);
        routes.MapPost("/v1/memories/import", ImportAsync).WithTags("Export").RequireAuthorization(ServiceScopes.MemoryWrite).DisableAntiforgery();
    }

    /// <summary>The caller's memories as they were at one moment, one a line, in the order of storing. Nothing of it is held in memory.</summary>
    private static async Task ExportAsync(Caller caller, TenantDatabases databases, HttpResponse response, CancellationToken cancellationToken)
    {
        response.ContentType = Ndjson;
        response.Headers.ContentDisposition = "attachment; filename=memories.ndjson";
        using var connection = databases.Of(caller.Tenant).OpenReader();
        using var snapshot = connection.BeginTransaction(deferred: true);
        var lines = 0;
        foreach (var memory in MemoryRows.All(connection, caller.User).Where(memory => caller.MayUse(memory.Attributes.Domain)))
        {
            Write(response.BodyWriter, memory);
            if (++lines % LinesPerFlush == 0)
            {
                await response.BodyWriter.FlushAsync(cancellationToken);
            }
        }

        await response.BodyWriter.FlushAsync(cancellationToken);
    }

    private static void Write(PipeWriter output, MemoryRecord memory)
    {
        using (var json = new Utf8JsonWriter(output))
        {
            JsonSerializer.Serialize(json, ExportedMemory.Of(memory), ExportJson.Default.ExportedMemory);
        }

        output.GetSpan(1)[0] = (byte)'\n';
        output.Advance(1);
    }

    // Who wrote a memory is told by its token, not by a file: unless an operator brings back what the service itself wrote.
    private static async Task<Ok<ImportResponse>> ImportAsync(HttpRequest request, Caller caller, MemoryImport import, CancellationToken cancellationToken) =>
        TypedResults.Ok(await import.RunAsync(caller, request.BodyReader, keepsWriters: caller.IsOperator, cancellationToken));
}
