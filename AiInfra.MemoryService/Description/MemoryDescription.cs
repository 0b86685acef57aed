using AiInfra.ServiceDefaults.ServiceTokens;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace AiInfra.MemoryService.Description;

/// <summary>The OpenAPI description of the memory API, made from its endpoints: <c>GET /v1/memories/openapi.json</c>.</summary>
internal static class MemoryDescription
{
    private const string Document = "memory";
    private const string Path = "/v1/memories/openapi.json";

    public static void AddMemoryDescription(this WebApplicationBuilder builder) => builder.Services.AddOpenApi(Document, options =>
    {
        options.ShouldInclude = endpoint => endpoint.RelativePath is { } path
            && (path.StartsWith("v1/memories", StringComparison.Ordinal) || path.StartsWith("admin/memory", StringComparison.Ordinal));
        options.AddDocumentTransformer((document, _, _) =>
        {
            document.Info = new OpenApiInfo { Title = "AiInfra memory", Version = "1" };
            document.Servers?.Clear();
            document.Components ??= new OpenApiComponents();
            document.Components.SecuritySchemes = new Dictionary<string, IOpenApiSecurityScheme>
            {
                [Document] = new OpenApiSecurityScheme
                {
                    Type = SecuritySchemeType.Http,
                    Scheme = "bearer",
                    Description = "At the gateway an API key or a user's token; at the service itself a service token for \"memory\". Whose memories are seen comes from it alone.",
                },
            };
            document.Security = [new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(Document, document)] = [] }];
            return Task.CompletedTask;
        });
    });

    public static void MapMemoryDescription(this IEndpointRouteBuilder routes) =>
        routes.MapGet(Path, GetAsync).ExcludeFromDescription().RequireAuthorization(ServiceScopes.MemoryRead);

    private static async Task<ContentHttpResult> GetAsync([FromKeyedServices(Document)] IOpenApiDocumentProvider provider, CancellationToken cancellationToken)
    {
        var document = await provider.GetOpenApiDocumentAsync(cancellationToken);
        return TypedResults.Content(await document.SerializeAsJsonAsync(OpenApiSpecVersion.OpenApi3_1, cancellationToken), "application/json");
    }
}
