using AiInfra.MemoryService.Access;
using AiInfra.MemoryService.Backup;
using AiInfra.MemoryService.Chroma;
using AiInfra.MemoryService.Embeddings;
using AiInfra.MemoryService.Indexing;
using AiInfra.MemoryService.Memories;
using AiInfra.MemoryService.Search;
using AiInfra.MemoryService.Storage;
using Microsoft.Extensions.Options;

namespace AiInfra.MemoryService.Erasure;

/// <summary>Erases a user or a part of one from everything that holds it, and can prove it later.</summary>
internal sealed class MemoryErasure(
    TenantDatabases databases, ScopeIndexes indexes, OutboxSignal outbox, MemoryEmbedder embedder, ChromaClientSettings chroma,
    IServiceProvider services, IOptions<BackupOptions> backups, TimeProvider time)
{
    public async Task<ErasureReceipt> EraseAsync(Caller caller, EraseRequest request, CancellationToken cancellationToken)
    {
        var user = request.User ?? caller.User;
        var now = DateTimeOffset.FromUnixTimeMilliseconds(MemoryRows.Milliseconds(time.GetUtcNow()));
        var database = databases.Of(caller.Tenant);
        var receipt = await database.WriteAsync(
            connection =>
            {
                var memories = ErasureRows.Find(connection, user, request.SessionId, request.AgentId);
                var ids = memories.ConvertAll(memory => memory.Id);
                var previous = ErasureRows.LastHash(connection);
                var (history, turns) = ErasureRows.Erase(connection, user, memories, request is { SessionId: null, AgentId: null });
                var draft = new ErasureReceipt(
                    MemoryRecord.NewId(now), caller.Tenant, user, request.SessionId, request.AgentId, memories.Count, history, turns, now, caller.Actor,
                    backups.Value.Folder.Length > 0 ? now + BackupRetention.Longest(backups.Value) : null, previous, "");
                var done = draft with { Hash = ErasureRows.HashOf(draft, ids) };
                ErasureRows.Add(connection, done, ids);
                return done;
            },
            // Words stay behind in an index that is kept in step: this one is made anew.
            _ => indexes.Drop(caller.Tenant, user),
            cancellationToken);
        // Questions and words of whomever: nobody can tell whose they are.
        await embedder.ForgetQueriesAsync();
        outbox.Wake(caller.Tenant);
        await database.WriteOutLogAsync(cancellationToken);
        return receipt;
    }

    /// <returns>Null when there is no such receipt that is the caller's to see.</returns>
    public async Task<ErasureCheck?> CheckAsync(Caller caller, string id, CancellationToken cancellationToken)
    {
        var database = databases.Of(caller.Tenant);
        var chain = database.Read(connection => ErasureRows.ChainTo(connection, id));
        if (chain.Count == 0 || !caller.MayActOn(chain[^1].Receipt.User))
        {
            return null;
        }

        var (receipt, ids) = chain[^1];
        var (records, history) = database.Read(connection => ErasureRows.Left(connection, receipt, ids));
        return new ErasureCheck(receipt, IsWhole(chain), records, history, await InChromaAsync(caller.Tenant, ids, cancellationToken));
    }

    private static bool IsWhole(List<(ErasureReceipt Receipt, string[] Ids)> chain)
    {
        var previous = ErasureRows.NoPrevious;
        foreach (var (receipt, ids) in chain)
        {
            if (receipt.Previous != previous || receipt.Hash != ErasureRows.HashOf(receipt, ids))
            {
                return false;
            }

            previous = receipt.Hash;
        }

        return true;
    }

    private async Task<int?> InChromaAsync(string tenant, string[] ids, CancellationToken cancellationToken)
    {
        if (chroma.Endpoint is null)
        {
            return 0;
        }

        try
        {
            var client = services.GetRequiredService<ChromaClient>();
            var collection = await client.EnsureAsync(IndexWorker.CollectionName(tenant), MiniLmEmbeddingGenerator.Dimensions, chroma.SyncThreshold, cancellationToken);
            var found = 0;
            // An empty collection of the older server answers 500 when asked for vectors.
            foreach (var chunk in await client.CountAsync(collection.Id, cancellationToken) == 0 ? [] : ids.Chunk(1000))
            {
                found += (await client.GetAsync(collection.Id, chunk, cancellationToken)).Count;
            }

            return found;
        }
        catch (Exception problem) when (problem is HttpRequestException or ChromaException)
        {
            return null;
        }
    }
}
