using System.ComponentModel;
using System.Security.Claims;
using AiInfra.MemoryService.Access;
using AiInfra.MemoryService.Knowledge;
using AiInfra.MemoryService.Search;
using AiInfra.ServiceDefaults.ServiceTokens;
using Microsoft.AspNetCore.Authorization;
using ModelContextProtocol.Server;

namespace AiInfra.MemoryService.Mcp;

/// <summary>The tools that tell an assistant what the memories are about.</summary>
[McpServerToolType]
internal sealed class KnowledgeTools(ScopeIndexes indexes, Keywords words)
{
    [McpServerTool(Name = "expand_keywords", Title = "Related words", ReadOnly = true, OpenWorld = false, UseStructuredContent = true)]
    [Description("Words that stand beside the given ones in the user's own memories more often than by chance. Call it when a search finds "
        + "too little, to learn the words that the user uses.")]
    [Authorize(Policy = ServiceScopes.MemoryRead)]
    [Authorize(Policy = AccessPolicies.EveryDomain)]
    public async Task<KeywordsResponse> ExpandAsync(
        ClaimsPrincipal user,
        [Description("1 to 32 words.")] string[] keywords,
        [Description("How many, 1 to 100; 10 unless given.")] int limit = KnowledgeEndpoints.DefaultLimit,
        CancellationToken cancellationToken = default)
    {
        McpErrors.ThrowIfBroken(KnowledgeRules.Broken(keywords, limit));
        return await words.ExpandAsync(Caller.Of(user), keywords, null, limit, cancellationToken);
    }

    [McpServerTool(Name = "get_keyword_trends", Title = "Words on the rise", ReadOnly = true, OpenWorld = false, UseStructuredContent = true)]
    [Description("Words that the memories of the last days hold more often than the earlier ones. Call it to learn what occupies the user now.")]
    [Authorize(Policy = ServiceScopes.MemoryRead)]
    [Authorize(Policy = AccessPolicies.EveryDomain)]
    public async Task<KeywordsResponse> TrendsAsync(
        ClaimsPrincipal user,
        [Description("Length of the time looked at, 1 to 3,650 days; 30 unless given.")] int days = KnowledgeEndpoints.DefaultDays,
        [Description("Only this field of knowledge.")] string? domain = null,
        [Description("How many, 1 to 100; 10 unless given.")] int limit = KnowledgeEndpoints.DefaultLimit,
        CancellationToken cancellationToken = default)
    {
        McpErrors.ThrowIfBroken(KnowledgeRules.Broken(days, limit));
        return await words.TrendsAsync(Caller.Of(user), days, domain, limit, cancellationToken);
    }

    [McpServerTool(Name = "get_memory_statistics", Title = "Statistics", ReadOnly = true, OpenWorld = false, UseStructuredContent = true)]
    [Description("How many memories the user has, since when, by field of knowledge, type, label and speaker. Call it to learn what there is to filter by.")]
    [Authorize(Policy = ServiceScopes.MemoryRead)]
    [Authorize(Policy = AccessPolicies.EveryDomain)]
    public Task<StatisticsResponse> StatisticsAsync(ClaimsPrincipal user, CancellationToken cancellationToken = default) =>
        indexes.ReadAsync(Caller.Of(user), ScopeKnowledge.Statistics, cancellationToken);
}
