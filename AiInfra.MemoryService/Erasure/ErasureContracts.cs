using System.Text.Json.Serialization;

namespace AiInfra.MemoryService.Erasure;

/// <summary>What to erase: everything of a user of the caller's tenant, or only one session or one agent of that user.</summary>
/// <param name="User">The caller's own user unless said.</param>
internal sealed record EraseRequest(string? User = null, string? SessionId = null, string? AgentId = null);

/// <summary>What was erased, and the proof of it.</summary>
/// <param name="Id">To ask for it later.</param>
/// <param name="Memories">Records, with their vectors and words in the lexical index.</param>
/// <param name="HistoryEntries">Versions in the histories, those of memories deleted earlier too.</param>
/// <param name="ChatTurns">Turns of chats that memories had been added to.</param>
/// <param name="By">The subject of the token that asked.</param>
/// <param name="BackupsUntil">Backups made before hold the data until then; null when none are kept.</param>
/// <param name="Previous">The hash of the tenant's receipt before: receipts form a chain, none can be taken out or changed.</param>
/// <param name="Hash">SHA-256 over all the above and the ids of what was erased.</param>
internal sealed record ErasureReceipt(
    string Id, string Tenant, string User, string? SessionId, string? AgentId, long Memories, long HistoryEntries, long ChatTurns,
    DateTimeOffset At, string By, DateTimeOffset? BackupsUntil, string Previous, string Hash);

/// <summary>A receipt, checked against everything that could still hold what it says is gone.</summary>
/// <param name="Receipt">As it was given.</param>
/// <param name="IsGenuine">Its hash holds, and so does the chain of the tenant's receipts up to it.</param>
/// <param name="RecordsLeft">Erased records that are there again.</param>
/// <param name="HistoryLeft">Entries of their histories.</param>
/// <param name="InChroma">Erased vectors that Chroma still holds; null while it cannot be asked.</param>
internal sealed record ErasureCheck(ErasureReceipt Receipt, bool IsGenuine, long RecordsLeft, long HistoryLeft, int? InChroma)
{
    public bool IsErased => IsGenuine && RecordsLeft == 0 && HistoryLeft == 0 && InChroma == 0;
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(EraseRequest))]
[JsonSerializable(typeof(ErasureReceipt))]
[JsonSerializable(typeof(ErasureCheck))]
internal sealed partial class ErasureJson : JsonSerializerContext;
