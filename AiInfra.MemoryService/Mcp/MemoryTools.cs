using System.ComponentModel;
using System.Security.Claims;
using AiInfra.MemoryService.Access;
using AiInfra.MemoryService.Memories;
using AiInfra.MemoryService.Search;
using AiInfra.MemoryService.Storage;
using AiInfra.ServiceDefaults.ServiceTokens;
using Microsoft.AspNetCore.Authorization;
using Microsoft.Extensions.Options;
using ModelContextProtocol;
using ModelContextProtocol.Server;

namespace AiInfra.MemoryService.Mcp;

/// <summary>The tools that an assistant stores and finds memories with.</summary>
[McpServerToolType]
internal sealed class MemoryTools(MemoryStore memories, MemorySearch search, IOptions<StorageOptions> storage, IOptions<SearchOptions> searching)
{
    private const int DefaultLimit = 5;

    [McpServerTool(Name = "store_memory", Title = "Store a memory", ReadOnly = false, Destructive = false, Idempotent = false, OpenWorld = false, UseStructuredContent = true)]
    [Description("Stores one fact, decision, preference or event for later conversations. Call it when the user states something worth "
        + "remembering. Store one self-contained statement per call, in plain words, with names instead of pronouns.")]
    [Authorize(Policy = ServiceScopes.MemoryWrite)]
    public async Task<MemoryResponse> StoreAsync(
        ClaimsPrincipal user,
        [Description("What to remember, up to 32,768 characters; only about the first 200 words count for finding it by meaning.")] string text,
        [Description("Labels to filter by later, at most 64.")] string[]? tags = null,
        [Description("Id of the conversation it comes from; memories of one conversation help to find each other.")] string? sessionId = null,
        [Description("Who said it.")] string? speaker = null,
        [Description("When it was said or happened, ISO 8601; now unless given.")] DateTimeOffset? timestamp = null,
        CancellationToken cancellationToken = default)
    {
        var request = new CreateMemoryRequest(text, sessionId, Speaker: speaker, Timestamp: timestamp, Tags: tags);
        McpErrors.ThrowIfBroken(MemoryRules.Broken(request, storage.Value));
        var result = await memories.StoreAsync(Caller.Of(user), [request], null, cancellationToken);
        return result.Outcome == StoreOutcome.Done
            ? MemoryResponse.Of(result.Memories[0]) with { DuplicateOf = result.DuplicateOf[0] }
            : throw new McpException("There are as many memories as one user may have.");
    }

    [McpServerTool(Name = "retrieve_memories", Title = "Find memories", ReadOnly = true, OpenWorld = false, UseStructuredContent = true)]
    [Description("Finds stored memories that bear on a question, best first. Call it before answering anything that earlier conversations "
        + "may have settled. Ask in plain words, as a person would; names and dates in the question help.")]
    [Authorize(Policy = ServiceScopes.MemoryRead)]
    public async Task<SearchResponse> RetrieveAsync(
        ClaimsPrincipal user,
        [Description("The question, up to 4,096 characters.")] string query,
        [Description("How many memories, 1 to 100; 5 unless given.")] int limit = DefaultLimit,
        CancellationToken cancellationToken = default)
    {
        McpErrors.ThrowIfBroken(SearchRules.Broken(query, limit, searching.Value));
        var found = await search.SearchAsync(Caller.Of(user), query, Ranking.Hybrid, limit, cancellationToken);
        return new SearchResponse([.. found.Select(hit => new SearchResultResponse(MemoryResponse.Of(hit.Memory), hit.Score, null))]);
    }
}
