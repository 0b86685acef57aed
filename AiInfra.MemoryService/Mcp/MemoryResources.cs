using System.ComponentModel;
using System.Security.Claims;
using System.Text.Json;
using AiInfra.MemoryService.Access;
using AiInfra.MemoryService.Domains;
using AiInfra.MemoryService.Knowledge;
using AiInfra.MemoryService.Search;
using AiInfra.ServiceDefaults.ServiceTokens;
using Microsoft.AspNetCore.Authorization;
using ModelContextProtocol.Server;

namespace AiInfra.MemoryService.Mcp;

/// <summary>What an assistant can read beforehand: which domains there are, and what the user's memories are like.</summary>
[McpServerResourceType]
internal sealed class MemoryResources(DomainTable domains, ScopeIndexes indexes)
{
    [McpServerResource(UriTemplate = "memory://domains", Name = "domains", Title = "Fields of knowledge", MimeType = "application/json")]
    [Description("The fields of knowledge that a memory can belong to, with their rules and words.")]
    [Authorize(Policy = ServiceScopes.MemoryRead)]
    public string Domains() => JsonSerializer.Serialize(DomainsResponse.Of(domains), DomainJson.Default.DomainsResponse);

    [McpServerResource(UriTemplate = "memory://statistics", Name = "statistics", Title = "Statistics", MimeType = "application/json")]
    [Description("How many memories the user has, since when, by field of knowledge, type, label and speaker.")]
    [Authorize(Policy = ServiceScopes.MemoryRead)]
    [Authorize(Policy = AccessPolicies.EveryDomain)]
    public async Task<string> StatisticsAsync(ClaimsPrincipal user, CancellationToken cancellationToken) =>
        JsonSerializer.Serialize(await indexes.ReadAsync(Caller.Of(user), ScopeKnowledge.Statistics, cancellationToken), KnowledgeJson.Default.StatisticsResponse);
}
