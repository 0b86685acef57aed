namespace AiInfra.MemoryService.Telemetry;

/// <summary>Measures every call at the doors by what it does.</summary>
internal static class OperationMetrics
{
    private static readonly Dictionary<string, string> Operations = new(StringComparer.OrdinalIgnoreCase)
    {
        ["POST /v1/memories"] = "store",
        ["POST /v1/memories/batch"] = "store_batch",
        ["POST /v1/memories/search"] = "search",
        ["GET /v1/memories"] = "list",
        ["GET /v1/memories/{id}"] = "get",
        ["GET /v1/memories/{id}/history"] = "history",
        ["PATCH /v1/memories/{id}"] = "update",
        ["DELETE /v1/memories/{id}"] = "delete",
        ["POST /mcp"] = "mcp",
    };

    public static void AddMemoryMetrics(this WebApplicationBuilder builder) => builder.Services.AddSingleton<MemoryMetrics>();

    public static void UseMemoryMetrics(this WebApplication app)
    {
        var metrics = app.Services.GetRequiredService<MemoryMetrics>();
        app.Use(async (context, next) =>
        {
            var start = metrics.Start();
            var outcome = "failed";
            try
            {
                await next(context);
                outcome = context.Response.StatusCode switch { >= 500 => "failed", >= 400 => "refused", _ => "ok" };
            }
            finally
            {
                if (OperationOf(context) is { } operation)
                {
                    metrics.Operation(operation, context.RequestAborted.IsCancellationRequested ? "canceled" : outcome, start);
                }
            }
        });
    }

    // The pattern, never the path: ids do not become labels.
    private static string? OperationOf(HttpContext context)
    {
        var pattern = (context.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText?.TrimEnd('/');
        return pattern is null || context.Request.Path.Value is "/health" or "/alive" or "/metrics"
            ? null
            : Operations.GetValueOrDefault($"{context.Request.Method} {pattern}", "other");
    }
}
