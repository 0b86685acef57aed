using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace AiInfra.Gateway.Admin;

/// <summary>The OpenAPI description of the admin API, made from its endpoints.</summary>
internal static class AdminDescription
{
    private const string Document = "admin";

    public static void AddAdminDescription(this WebApplicationBuilder builder) => builder.Services.AddOpenApi(Document, options =>
    {
        options.ShouldInclude = endpoint => endpoint.RelativePath?.StartsWith("admin/", StringComparison.Ordinal) ?? false;
        options.AddDocumentTransformer((document, _, _) =>
        {
            document.Info = new OpenApiInfo { Title = "AiInfra gateway administration", Version = "1" };
            document.Servers?.Clear();
            document.Components ??= new OpenApiComponents();
            document.Components.SecuritySchemes = new Dictionary<string, IOpenApiSecurityScheme>
            {
                [Document] = new OpenApiSecurityScheme { Type = SecuritySchemeType.Http, Scheme = "bearer", Description = "The admin key (Admin:Key)." },
            };
            document.Security = [new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(Document, document)] = [] }];
            return Task.CompletedTask;
        });
    });

    // Not MapOpenApi: its endpoint would lie outside the filter that asks for the admin key.
    public static void MapAdminDescription(this IEndpointRouteBuilder admin) => admin.MapGet("/openapi.json", GetDescription).ExcludeFromDescription();

    private static async Task<ContentHttpResult> GetDescription(
        [FromKeyedServices(Document)] IOpenApiDocumentProvider provider, CancellationToken cancellationToken)
    {
        var document = await provider.GetOpenApiDocumentAsync(cancellationToken);
        return TypedResults.Content(await document.SerializeAsJsonAsync(OpenApiSpecVersion.OpenApi3_1, cancellationToken), "application/json");
    }
}
