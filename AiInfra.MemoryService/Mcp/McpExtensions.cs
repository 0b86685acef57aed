using System.Text.Json;
using System.Text.Json.Serialization;
using AiInfra.MemoryService.Mcp;
using AiInfra.MemoryService.Memories;
using AiInfra.MemoryService.Search;
using ModelContextProtocol;
using ModelContextProtocol.AspNetCore;

namespace Microsoft.Extensions.DependencyInjection;

internal static class McpExtensions
{
    /// <summary>MCP over streamable HTTP. Each call stands alone (no session is kept), so any replica may answer it.</summary>
    public static void AddMemoryMcp(this WebApplicationBuilder builder)
    {
        var json = new JsonSerializerOptions(McpJsonUtilities.DefaultOptions) { PropertyNamingPolicy = JsonNamingPolicy.CamelCase };
        json.TypeInfoResolverChain.Insert(0, MemoryJson.Default);
        json.TypeInfoResolverChain.Insert(1, SearchJson.Default);
        json.DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull;
        builder.Services
            .AddMcpServer(options => options.ServerInfo = new() { Name = "aiinfra-memory", Version = "1.0.0" })
            .WithHttpTransport(options => options.SessionMode = HttpServerSessionMode.Stateless)
            .AddAuthorizationFilters()
            .WithTools<MemoryTools>(json);
    }

    public static void MapMemoryMcp(this IEndpointRouteBuilder routes) => routes.MapMcp("/mcp").RequireAuthorization();
}
