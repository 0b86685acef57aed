using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using AiInfra.MemoryService.Context;
using AiInfra.MemoryService.Knowledge;
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
        foreach (var resolver in new IJsonTypeInfoResolver[] { MemoryJson.Default, SearchJson.Default, ContextJson.Default, KnowledgeJson.Default, McpJson.Default })
        {
            json.TypeInfoResolverChain.Insert(0, resolver);
        }

        json.DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull;
        builder.Services
            .AddMcpServer(options => options.ServerInfo = new() { Name = "aiinfra-memory", Version = "1.0.0" })
            .WithHttpTransport(options => options.SessionMode = HttpServerSessionMode.Stateless)
            .AddAuthorizationFilters()
            .WithTools<MemoryTools>(json)
            .WithTools<SearchTools>(json)
            .WithTools<KnowledgeTools>(json)
            .WithResources<MemoryResources>();
    }

    public static void MapMemoryMcp(this IEndpointRouteBuilder routes) => routes.MapMcp("/mcp").RequireAuthorization();
}
