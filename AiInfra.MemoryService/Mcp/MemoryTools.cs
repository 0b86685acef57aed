using System.ComponentModel;
using System.Security.Claims;
using AiInfra.MemoryService.Access;
using AiInfra.MemoryService.Memories;
using AiInfra.MemoryService.Storage;
using AiInfra.ServiceDefaults.ServiceTokens;
using Microsoft.AspNetCore.Authorization;
using Microsoft.Extensions.Options;
using ModelContextProtocol;
using ModelContextProtocol.Server;

namespace AiInfra.MemoryService.Mcp;

/// <summary>The tools that an assistant keeps memories with.</summary>
[McpServerToolType]
internal sealed class MemoryTools(MemoryStore memories, IOptions<StorageOptions> options)
{
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
        [Description("Field of knowledge, for example code or electronics; general unless given.")] string? domain = null,
        [Description("Id of an older memory that this one replaces because it is no longer true.")] string? supersedes = null,
        [Description("Seconds after which it is deleted; kept for ever unless given.")] double? timeToLiveSeconds = null,
        CancellationToken cancellationToken = default)
    {
        var request = new CreateMemoryRequest(
            text, sessionId, Speaker: speaker, Timestamp: timestamp, Tags: tags, Domain: domain, Supersedes: supersedes, TimeToLiveSeconds: timeToLiveSeconds);
        McpErrors.ThrowIfBroken(MemoryRules.Broken(request, options.Value));
        try
        {
            var result = await memories.StoreAsync(Caller.Of(user), [request], null, cancellationToken);
            if (result.Outcome == StoreOutcome.Invalid)
            {
                McpErrors.ThrowIfBroken(result.BrokenOfOne());
            }

            return result.Outcome == StoreOutcome.Done
                ? MemoryResponse.Of(result.Memories[0]) with { DuplicateOf = result.DuplicateOf[0], Warnings = result.WarningsOf(0) }
                : throw new McpException("There are as many memories as one user may have.");
        }
        catch (SupersededMissingException)
        {
            throw new McpException("supersedes: there is no such memory. Nothing was stored.");
        }
    }

    [McpServerTool(Name = "update_memory", Title = "Change a memory", ReadOnly = false, Destructive = true, Idempotent = true, OpenWorld = false, UseStructuredContent = true)]
    [Description("Changes the words or labels of one memory; earlier versions stay in its history. Call it to correct a memory. If the "
        + "facts themselves changed, store a new memory with supersedes instead.")]
    [Authorize(Policy = ServiceScopes.MemoryWrite)]
    public async Task<MemoryResponse> UpdateAsync(
        ClaimsPrincipal user,
        [Description("The memory's id.")] string id,
        [Description("New words; unchanged unless given.")] string? text = null,
        [Description("New labels in place of the old; unchanged unless given.")] string[]? tags = null,
        [Description("Pinned memories never expire; unchanged unless given.")] bool? pinned = null,
        CancellationToken cancellationToken = default)
    {
        var request = new UpdateMemoryRequest(text, Tags: tags, Pinned: pinned);
        McpErrors.ThrowIfBroken(MemoryRules.Broken(request, options.Value));
        var updated = await memories.UpdateAsync(Caller.Of(user), id, request, null, cancellationToken);
        McpErrors.ThrowIfBroken(updated.Broken);
        return updated.Outcome switch
        {
            StoreOutcome.Done => MemoryResponse.Of(updated.Memory!),
            StoreOutcome.NotFound => throw McpErrors.NotFound(),
            _ => throw new McpException("Someone else changed this memory at the same moment: read it and try again."),
        };
    }

    [McpServerTool(Name = "delete_memory", Title = "Delete a memory", ReadOnly = false, Destructive = true, Idempotent = true, OpenWorld = false, UseStructuredContent = true)]
    [Description("Deletes one memory for good, with the words of its history. Call it only when the user asks to forget something.")]
    [Authorize(Policy = ServiceScopes.MemoryWrite)]
    public async Task<DeletedResponse> DeleteAsync(
        ClaimsPrincipal user, [Description("The memory's id.")] string id, CancellationToken cancellationToken = default) =>
        await memories.DeleteAsync(Caller.Of(user), id, null, cancellationToken) == StoreOutcome.Done
            ? new DeletedResponse(id)
            : throw McpErrors.NotFound();

    [McpServerTool(Name = "get_memory_history", Title = "History of a memory", ReadOnly = true, OpenWorld = false, UseStructuredContent = true)]
    [Description("Every version of one memory: what it said, who changed it and when. Call it when a memory's origin or an earlier value matters.")]
    [Authorize(Policy = ServiceScopes.MemoryRead)]
    public MemoryHistoryResponse History(ClaimsPrincipal user, [Description("The memory's id.")] string id) =>
        memories.History(Caller.Of(user), id) is { Count: > 0 } versions ? new MemoryHistoryResponse(id, versions) : throw McpErrors.NotFound();
}
