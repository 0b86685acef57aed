using AiInfra.MemoryService.Access;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.Data.Sqlite;

namespace AiInfra.MemoryService.Memories;

/// <summary>Says what a disk refuses: full is 507, read-only or broken 503. Nothing of the write is there then.</summary>
internal sealed class StorageExceptionHandler(IProblemDetailsService problems) : IExceptionHandler
{
    // https://sqlite.org/rescode.html
    private const int ReadOnly = 8;
    private const int InputOutput = 10;
    private const int Full = 13;
    private const int CannotOpen = 14;

    public async ValueTask<bool> TryHandleAsync(HttpContext httpContext, Exception exception, CancellationToken cancellationToken)
    {
        var (status, detail) = exception switch
        {
            SqliteException { SqliteErrorCode: Full } => (StatusCodes.Status507InsufficientStorage, "The disk of the memory service is full: nothing was changed."),
            SqliteException { SqliteErrorCode: ReadOnly or InputOutput or CannotOpen } => (StatusCodes.Status503ServiceUnavailable, "The disk of the memory service cannot be written: nothing was changed."),
            IOException => (StatusCodes.Status503ServiceUnavailable, "The disk of the memory service cannot be used: nothing was changed."),
            DomainDeniedException denied => (StatusCodes.Status403Forbidden, $"The caller's policy does not grant the domain '{denied.Domain}': nothing was changed."),
            SupersededMissingException => (StatusCodes.Status404NotFound, "The memory to supersede was not found: nothing was stored."),
            _ => (0, ""),
        };
        if (status == 0)
        {
            return false;
        }

        httpContext.Response.StatusCode = status;
        return await problems.TryWriteAsync(new ProblemDetailsContext
        {
            HttpContext = httpContext,
            ProblemDetails = { Status = status, Detail = detail },
        });
    }
}
