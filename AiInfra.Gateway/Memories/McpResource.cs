using System.Text.Json;
using AiInfra.Gateway.Tenants;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;

namespace AiInfra.Gateway.Memories;

/// <summary>
/// Tells MCP clients how to authenticate at <c>/mcp</c> (protected resource metadata, RFC 9728): who issues the tokens that the gateway
/// takes, and that they go into a header. It is read without a key, since it says how to get one.
/// </summary>
internal sealed class McpResource(IOptions<TokenCallerOptions> options)
{
    public const string Path = "/mcp";

    private const string MetadataPath = "/.well-known/oauth-protected-resource";

    private static readonly string[] Methods = ["header"];

    /// <returns>True when the request was for the metadata, and is answered.</returns>
    public async ValueTask<bool> TryAnswerAsync(HttpContext context)
    {
        if (context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget is not (MetadataPath or MetadataPath + Path) || !HttpMethods.IsGet(context.Request.Method))
        {
            return false;
        }

        var metadata = new Dictionary<string, object> { ["resource"] = $"{Root(context.Request)}{Path}", ["bearer_methods_supported"] = Methods, ["resource_name"] = "AiInfra memory" };
        if (Issuer is { } issuer)
        {
            metadata["authorization_servers"] = new[] { issuer };
        }

        context.Response.ContentType = "application/json";
        await context.Response.Body.WriteAsync(JsonSerializer.SerializeToUtf8Bytes(metadata), context.RequestAborted);
        return true;
    }

    /// <summary>Has a refusal for want of credentials name the metadata (RFC 9728, 5.1).</summary>
    public static void Challenge(HttpContext context) => context.Response.OnStarting(() =>
    {
        if (context.Response.StatusCode == StatusCodes.Status401Unauthorized)
        {
            context.Response.Headers.WWWAuthenticate = $"Bearer resource_metadata=\"{Root(context.Request)}{MetadataPath}{Path}\"";
        }

        return Task.CompletedTask;
    });

    private string? Issuer => options.Value.Authority?.OriginalString;

    private static string Root(HttpRequest request) => $"{request.Scheme}://{request.Host}";
}
